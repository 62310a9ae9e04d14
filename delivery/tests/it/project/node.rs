//! Node and Deno: package managers, versions, scripts, tools and tests.

use delivery::project::{PackageManager, Role};

use super::{project, report};

#[test]
fn a_project_of_pnpm_is_read_with_lines() {
    let manifest = r#"{
  "name": "shop",
  "packageManager": "pnpm@9.1.0+sha512.abc",
  "engines": { "node": ">=20" },
  "scripts": {
    "lint": "eslint .",
    "test": "vitest run"
  },
  "dependencies": { "next": "15" },
  "devDependencies": {
    "vitest": "^2",
    "typescript": "^5"
  },
  "prettier": {}
}"#;
    let files = [
        ("package.json", manifest),
        ("pnpm-lock.yaml", ""),
        (".nvmrc", "v22.1.0\n"),
        ("tsconfig.json", "{}"),
        ("src/cart.test.ts", ""),
        ("e2e/buy.spec.ts", ""),
        ("src/cart.integration.test.ts", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    node . application shop
      manager pnpm 9.1.0 lock=pnpm-lock.yaml <- package.json:3 (packageManager)
      pinned node v22.1.0 <- .nvmrc:1 (version file)
      required node >=20 <- package.json:4 (engines)
      tool next [framework build] in main <- package.json:9 (dependency next)
      tool prettier [format] <- package.json:14 (prettier)
      tool typescript [type-check build] in group dev <- package.json:12 (dependency typescript), tsconfig.json (configuration)
      tool vitest [test] in group dev <- package.json:11 (dependency vitest)
      pnpm lint <- package.json:6 (script)
      pnpm test <- package.json:7 (script)
      unit tests: src <- src/cart.test.ts (test)
      integration tests: src/cart.integration.test.ts <- src/cart.integration.test.ts (test)
      end-to-end tests: e2e <- e2e/buy.spec.ts (test)
    "#);
}

#[test]
fn a_project_of_deno_is_read_among_comments() {
    let manifest = "{\n  // tasks\n  \"tasks\": {\n    \"dev\": \"deno run main.ts\",\n    \"check\": { \"command\": \"deno check\" },\n  },\n  \"lint\": {},\n}";
    let files = [
        ("deno.jsonc", manifest),
        ("deno.lock", "{}"),
        ("main_test.ts", ""),
        (".tool-versions", "nodejs 20\ndeno 2.1.0\n"),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    deno . application -
      manager deno lock=deno.lock <- deno.jsonc (Deno manifest)
      pinned deno 2.1.0 <- .tool-versions:2 (deno)
      tool deno-lint [lint] <- deno.jsonc:7 (lint)
      tool deno-test [test] <- main_test.ts (test)
      deno check <- deno.jsonc:5 (script)
      deno dev <- deno.jsonc:4 (script)
      unit tests: . <- main_test.ts (test)
    "#);
}

#[track_caller]
fn check_manager(files: &[(&str, &str)], expected: PackageManager, lock: Option<&str>) {
    let found = project(&[&[("package.json", "{\"main\": \"a.js\"}")], files].concat());
    let manager = found.component().manager.as_ref().unwrap();
    assert_eq!((manager.name, manager.lock.as_deref()), (expected, lock));
}

#[test]
fn the_lock_file_decides_the_package_manager() {
    check_manager(&[], PackageManager::Npm, None);
    check_manager(&[("package-lock.json", "")], PackageManager::Npm, Some("package-lock.json"));
    check_manager(&[("yarn.lock", "")], PackageManager::Yarn, Some("yarn.lock"));
    check_manager(&[("bun.lock", "")], PackageManager::Bun, Some("bun.lock"));
}

#[test]
fn a_named_package_manager_wins_over_a_lock_file_with_a_note() {
    let found = project(&[
        ("package.json", "{\"packageManager\": \"yarn@4.1.0\", \"main\": \"a.js\"}"),
        ("package-lock.json", ""),
    ]);
    let manager = found.component().manager.as_ref().unwrap();
    assert_eq!(
        (manager.name, manager.version.as_deref(), manager.lock.as_deref()),
        (PackageManager::Yarn, Some("4.1.0"), None)
    );
    insta::assert_snapshot!(found.notes[0], @"package-lock.json: is a lock file of npm, but the package manager is yarn; remove it if it is not used");
}

#[track_caller]
fn check_role(manifest: &str, expected: Role) {
    assert_eq!(project(&[("package.json", manifest)]).component().role, expected, "{manifest}");
}

#[test]
fn a_manifest_for_tools_alone_is_settings() {
    check_role(
        r#"{"private": true, "devDependencies": {"prettier": "3"}, "scripts": {"lint": "prettier ."}}"#,
        Role::Settings,
    );
    check_role(r#"{"private": true, "scripts": {"start": "node ."}}"#, Role::Application);
    check_role(r#"{"name": "a", "version": "1.0.0", "exports": "./a.js"}"#, Role::Package);
    check_role(r#"{"private": true, "workspaces": ["packages/*"]}"#, Role::Workspace);
    check_role("{\"broken\"", Role::Application);
}

#[test]
fn members_of_a_workspace_use_its_lock_file() {
    let files =
        [("package.json", r#"{"workspaces": ["a"]}"#), ("yarn.lock", ""), ("a/package.json", "{\"name\": \"a\"}")];
    let member = project(&files).components[1].manager.clone().unwrap();
    assert_eq!((member.name, member.lock.as_deref()), (PackageManager::Yarn, Some("yarn.lock")));
}
