//! The tools of Node projects.

use super::super::tools::Known;
use crate::project::component::Purpose::{Build, Coverage, Format, Framework, Lint, Runner, Test, TypeCheck};

pub(super) const TOOLS: &[Known] = &[
    Known::new("angular", &[Framework, Build], &["@angular/core"]).files(&["angular.json"]),
    Known::new("ava", &[Test], &["ava"]).files(&["ava.config.*"]).sections(&["ava"]),
    Known::new("biome", &[Lint, Format], &["@biomejs/biome"]).files(&["biome.json", "biome.jsonc"]),
    Known::new("bun-test", &[Test], &[]),
    Known::new("c8", &[Coverage], &["c8"]).files(&[".c8rc*"]).sections(&["c8"]),
    Known::new("cypress", &[Test], &["cypress"]).files(&["cypress.config.*", "cypress.json"]),
    Known::new("esbuild", &[Build], &["esbuild"]),
    Known::new("eslint", &[Lint], &["eslint"]).files(&["eslint.config.*", ".eslintrc*"]).sections(&["eslintConfig"]),
    Known::new("express", &[Framework], &["express"]),
    Known::new("fastify", &[Framework], &["fastify"]),
    Known::new("jest", &[Test], &["jest"]).files(&["jest.config.*"]).sections(&["jest"]),
    Known::new("mocha", &[Test], &["mocha"]).files(&[".mocharc*"]).sections(&["mocha"]),
    Known::new("nest", &[Framework], &["@nestjs/core"]).files(&["nest-cli.json"]),
    Known::new("next", &[Framework, Build], &["next"]).files(&["next.config.*"]),
    Known::new("node-test", &[Test], &[]),
    Known::new("nx", &[Runner], &["nx"]).files(&["nx.json"]),
    Known::new("nyc", &[Coverage], &["nyc"]).files(&[".nycrc*"]).sections(&["nyc"]),
    Known::new("oxlint", &[Lint], &["oxlint"]).files(&[".oxlintrc.json"]),
    Known::new("playwright", &[Test], &["@playwright/test"]).files(&["playwright.config.*"]),
    Known::new("prettier", &[Format], &["prettier"])
        .files(&[".prettierrc*", "prettier.config.*"])
        .sections(&["prettier"]),
    Known::new("react", &[Framework], &["react"]),
    Known::new("stylelint", &[Lint], &["stylelint"])
        .files(&["stylelint.config.*", ".stylelintrc*"])
        .sections(&["stylelint"]),
    Known::new("svelte", &[Framework], &["svelte"]).files(&["svelte.config.*"]),
    Known::new("turbo", &[Runner], &["turbo"]).files(&["turbo.json"]),
    Known::new("typescript", &[TypeCheck, Build], &["typescript"]).files(&["tsconfig.json"]),
    Known::new("vite", &[Build], &["vite"]).files(&["vite.config.*"]),
    Known::new("vitest", &[Test], &["vitest"]).files(&["vitest.config.*"]),
    Known::new("vue", &[Framework], &["vue"]),
    Known::new("webpack", &[Build], &["webpack"]).files(&["webpack.config.*"]),
    Known::new("xo", &[Lint], &["xo"]).sections(&["xo"]),
];
