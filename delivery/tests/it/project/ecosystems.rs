//! The other ecosystems, each with one tree that shows what is read of it.

use delivery::project::Language;

use super::{project, report};

#[test]
fn go() {
    let manifest = "module example.com/shop\n\ngo 1.23\ntoolchain go1.23.4\n\nrequire (\n\tgithub.com/onsi/ginkgo/v2 v2.1.0 // tests\n)\n\ntool golang.org/x/vuln/cmd/govulncheck\n";
    let files = [
        ("go.mod", manifest),
        ("go.sum", ""),
        (".golangci.yml", ""),
        ("cmd/shop/main.go", ""),
        ("internal/cart/cart_test.go", "package cart\n"),
        ("test/e2e/buy_test.go", "//go:build e2e && !integration\n\npackage e2e\n"),
        ("Makefile", "X := a\n.PHONY: lint test\nlint test: all\n\tgo vet\nbin/shop:\n\tgo build\n"),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    go . application example.com/shop
      manager go lock=go.sum <- go.mod (Go manifest)
      pinned go 1.23.4 <- go.mod:4 (toolchain)
      required go 1.23 <- go.mod:3 (go)
      tool ginkgo [test] in main <- go.mod:7 (dependency github.com/onsi/ginkgo/v2)
      tool go-test [test] <- internal/cart/cart_test.go (test)
      tool golangci-lint [lint] <- .golangci.yml (configuration)
      tool govulncheck [audit] in group tool <- go.mod:10 (dependency golang.org/x/vuln)
      make lint <- Makefile:3 (target)
      make test <- Makefile:3 (target)
      unit tests: internal <- internal/cart/cart_test.go (test)
      end-to-end tests: test/e2e <- test/e2e/buy_test.go (test)
      end-to-end tests: marker e2e <- test/e2e/buy_test.go:1 (build tag)
    "#);
}

#[test]
fn rust() {
    let manifest = "[workspace]\nmembers = ['a']\n[workspace.package]\nrust-version = '1.85'\n[workspace.lints.clippy]\npedantic = 'warn'\n";
    let files = [
        ("Cargo.toml", manifest),
        ("Cargo.lock", ""),
        ("rust-toolchain.toml", "[toolchain]\nchannel = '1.90'\ncomponents = ['rustfmt']\n"),
        ("deny.toml", ""),
        ("a/Cargo.toml", "[package]\nname = 'a'\n[dev-dependencies]\n"),
        ("a/src/lib.rs", "\n#[cfg(test)]\nmod tests {}\n"),
        ("a/tests/it/main.rs", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    rust . workspace -
      manager cargo lock=Cargo.lock <- Cargo.toml (Rust manifest)
      pinned rust 1.90 <- rust-toolchain.toml:2 (channel)
      required rust 1.85 <- Cargo.toml:4 (rust-version)
      tool cargo-deny [audit lint] <- deny.toml (configuration)
      tool cargo-test [test] <- a/src/lib.rs:2 (#[cfg(test)])
      tool clippy [lint] <- Cargo.toml:5 (lints)
      tool rustfmt [format] <- rust-toolchain.toml:3 (component of the toolchain)
      unit tests: . <- a/src/lib.rs:2 (#[cfg(test)])
      integration tests: a/tests/it <- a/tests/it/main.rs (test)
    rust a package a
      manager cargo lock=Cargo.lock <- a/Cargo.toml (Rust manifest)
      pinned rust 1.90 <- rust-toolchain.toml:2 (channel)
      tool cargo-test [test] <- a/src/lib.rs:2 (#[cfg(test)])
      tool rustfmt [format] <- rust-toolchain.toml:3 (component of the toolchain)
      unit tests: . <- a/src/lib.rs:2 (#[cfg(test)])
      integration tests: tests/it <- a/tests/it/main.rs (test)
    "#);
}

#[test]
fn java_with_maven() {
    let manifest = "<?xml version='1.0'?>\n<project>\n  <!-- <artifactId>no</artifactId> -->\n  <artifactId>shop</artifactId>\n  <properties><java.version>21</java.version></properties>\n  <dependencies><dependency>\n    <artifactId>junit-jupiter</artifactId>\n  </dependency></dependencies>\n  <build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>\n</project>";
    let files = [
        ("pom.xml", manifest),
        ("mvnw", ""),
        ("src/test/java/com/example/CartTest.java", ""),
        ("src/integrationTest/java/com/example/StoreIT.java", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    java . application shop
      manager maven wrapper=mvnw <- pom.xml (JVM manifest)
      required java 21 <- pom.xml:5 (java.version)
      tool junit [test] in main <- pom.xml:7 (dependency junit-jupiter)
      tool spring-boot [framework build] in group plugin <- pom.xml:9 (dependency spring-boot-maven-plugin)
      unit tests: src/test <- src/test/java/com/example/CartTest.java (test)
      integration tests: src/integrationTest <- src/integrationTest/java/com/example/StoreIT.java (test)
    "#);
}

#[test]
fn kotlin_with_gradle() {
    let build = "plugins {\n    kotlin(\"jvm\") version \"2.0\"\n    id(\"io.gitlab.arturbosch.detekt\")\n    application\n}\ndependencies {\n    testImplementation(\"org.junit.jupiter:junit-jupiter:5.10\")\n}\nkotlin { jvmToolchain(21) }\n";
    let files = [
        ("build.gradle.kts", build),
        ("settings.gradle.kts", "rootProject.name = \"shop\"\n"),
        ("gradlew", ""),
        (
            "gradle/libs.versions.toml",
            "[plugins]\nkover = { id = \"org.jetbrains.kotlinx.kover\", version = \"0.8\" }\n",
        ),
        ("src/test/kotlin/CartTest.kt", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    kotlin . application shop
      manager gradle wrapper=gradlew <- build.gradle.kts (JVM manifest)
      required java 21 <- build.gradle.kts:9 (jvmToolchain)
      tool detekt [lint] in group plugin <- build.gradle.kts:3 (dependency io.gitlab.arturbosch.detekt)
      tool junit [test] in main <- build.gradle.kts:7 (dependency junit-jupiter)
      tool kover [coverage] <- gradle/libs.versions.toml:2 (version catalog)
      unit tests: src/test <- src/test/kotlin/CartTest.kt (test)
    "#);
}

#[test]
fn java_with_gradle_in_groovy() {
    let build = "plugins {\n  id 'java-library'\n  id 'jacoco'\n}\nsourceCompatibility = '1.8'\n// id 'application'\ndependencies { testImplementation 'org.testng:testng:7.1' }\n";
    insta::assert_snapshot!(report(&[("build.gradle", build), (".java-version", "17\n")]), @r#"
    java . package -
      manager gradle <- build.gradle (JVM manifest)
      pinned java 17 <- .java-version:1 (version file)
      required java 8 <- build.gradle:5 (sourceCompatibility)
      tool jacoco [coverage] in group plugin <- build.gradle:3 (dependency jacoco)
      tool testng [test] in main <- build.gradle:7 (dependency testng)
    "#);
}

#[test]
fn dotnet() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n  <PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup>\n</Project>";
    let tests = "<Project Sdk=\"Microsoft.NET.Sdk\">\n  <ItemGroup>\n    <PackageReference Include=\"Microsoft.NET.Test.Sdk\" Version=\"17\" />\n    <PackageReference Version=\"2\" Include='xunit'/>\n  </ItemGroup>\n</Project>";
    let files = [
        ("Shop.sln", ""),
        ("global.json", "{\n  \"sdk\": { \"version\": \"9.0.100\" }\n}"),
        ("src/Shop/Shop.csproj", web),
        ("tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj", tests),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    dotnet . application Shop
      manager dotnet <- Shop.sln (.NET manifest)
      pinned dotnet 9.0.100 <- global.json:2 (sdk)
      required dotnet net9.0 <- src/Shop/Shop.csproj:2 (target framework)
      tool dotnet-test [test] in group test <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj:3 (dependency Microsoft.NET.Test.Sdk)
      tool xunit [test] in group test <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj:4 (dependency xunit)
      integration tests: tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj (test)
    dotnet src/Shop application Shop
      manager dotnet <- src/Shop/Shop.csproj (.NET manifest)
      pinned dotnet 9.0.100 <- global.json:2 (sdk)
      required dotnet net9.0 <- src/Shop/Shop.csproj:2 (target framework)
    dotnet tests/Shop.IntegrationTests package Shop.IntegrationTests
      manager dotnet <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj (.NET manifest)
      pinned dotnet 9.0.100 <- global.json:2 (sdk)
      tool dotnet-test [test] in group test <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj:3 (dependency Microsoft.NET.Test.Sdk)
      tool xunit [test] in group test <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj:4 (dependency xunit)
      integration tests: Shop.IntegrationTests.csproj <- tests/Shop.IntegrationTests/Shop.IntegrationTests.csproj (test)
    "#);
}

#[test]
fn ruby() {
    let gemfile = "source \"https://rubygems.org\"\nruby \"3.3.0\"\ngem \"rails\", \"~> 7.1\"\ngroup :development, :test do\n  gem 'rubocop', require: false\nend\ngem \"brakeman\", group: :test\n";
    let files = [
        ("Gemfile", gemfile),
        ("Gemfile.lock", ""),
        (".ruby-version", "3.3.0\n"),
        ("spec/models/cart_spec.rb", ""),
        ("spec/integration/buy_spec.rb", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    ruby . application -
      manager bundler lock=Gemfile.lock <- Gemfile (Ruby manifest)
      pinned ruby 3.3.0 <- .ruby-version:1 (version file)
      required ruby 3.3.0 <- Gemfile:2 (ruby)
      tool brakeman [sast] in group test <- Gemfile:7 (dependency brakeman)
      tool rails [framework] in main <- Gemfile:3 (dependency rails)
      tool rubocop [lint format] in group development,test <- Gemfile:5 (dependency rubocop)
      unit tests: spec <- spec/models/cart_spec.rb (test)
      integration tests: spec/integration <- spec/integration/buy_spec.rb (test)
    "#);
}

#[test]
fn php() {
    let manifest = "{\n  \"type\": \"project\",\n  \"require\": {\n    \"php\": \"^8.2\",\n    \"laravel/framework\": \"^11\"\n  },\n  \"require-dev\": { \"phpunit/phpunit\": \"^11\" },\n  \"scripts\": { \"lint\": \"pint --test\", \"all\": [\"a\", \"b\"] }\n}";
    let files = [
        ("composer.json", manifest),
        ("composer.lock", ""),
        ("phpstan.neon", ""),
        ("tests/Unit/CartTest.php", ""),
        ("tests/Feature/BuyTest.php", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    php . application -
      manager composer lock=composer.lock <- composer.json (PHP manifest)
      required php ^8.2 <- composer.json:4 (composer.json)
      tool laravel [framework] in main <- composer.json:5 (dependency laravel/framework)
      tool phpstan [type-check lint] <- phpstan.neon (configuration)
      tool phpunit [test] in group dev <- composer.json:7 (dependency phpunit/phpunit)
      composer all <- composer.json:8 (script)
      composer lint <- composer.json:8 (script)
      unit tests: tests <- tests/Feature/BuyTest.php (test)
    "#);
}

#[test]
fn elixir() {
    let manifest = "defmodule Shop.MixProject do\n  def project do\n    [\n      app: :shop,\n      elixir: \"~> 1.17\",\n      deps: deps()\n    ]\n  end\n  defp deps do\n    [{:phoenix, \"~> 1.7\"}, {:credo, \"~> 1.7\", only: [:dev, :test], runtime: false}]\n  end\nend\n";
    let files = [
        ("mix.exs", manifest),
        ("mix.lock", ""),
        (".formatter.exs", ""),
        ("test/shop_test.exs", ""),
        ("deps/credo/mix.exs", ""),
    ];
    insta::assert_snapshot!(report(&files), @r#"
    elixir . application shop
      manager mix lock=mix.lock <- mix.exs (Elixir manifest)
      required elixir ~> 1.17 <- mix.exs:5 (elixir)
      tool credo [lint] in group dev,test <- mix.exs:10 (dependency credo)
      tool ex_unit [test] <- test/shop_test.exs (test)
      tool mix-format [format] <- .formatter.exs (configuration)
      tool phoenix [framework] in main <- mix.exs:10 (dependency phoenix)
      unit tests: test <- test/shop_test.exs (test)
    "#);
}

#[test]
fn a_site_without_code() {
    insta::assert_snapshot!(report(&[("public/index.html", "")]), @"static public application -");
    let found = project(&[("package.json", "{\"main\": \"a.js\"}"), ("public/index.html", "")]);
    assert_eq!(found.components.iter().map(|component| component.language).collect::<Vec<_>>(), [Language::Node]);
}

#[test]
fn a_justfile_gives_recipes() {
    let text =
        "set shell := ['bash']\nexport A := \"b:c\"\n\n@lint target='.': build\n    ruff {{target}}\nbuild:\n    x\n";
    insta::assert_snapshot!(report(&[("requirements.txt", ""), ("justfile", text)]), @r#"
    python . application -
      manager pip <- requirements.txt (no sign of another package manager)
      just build <- justfile:6 (target)
      just lint <- justfile:4 (target)
    "#);
}
