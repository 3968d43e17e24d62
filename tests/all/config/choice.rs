//! Which profile is meant.

use latchkey::config::{Config, ConfigError, Overrides, ServerLocation};

use super::home::Home;

const TWO: &str = r#"
default_profile = "team"
[profiles.team]
base_url = "https://keys.example"
[profiles.lab]
data = "lab"
"#;

fn chosen(home: &Home, overrides: &Overrides) -> Result<String, String> {
    Config::load(overrides, &home.dirs).map(|config| config.chosen().to_owned()).map_err(|error| error.to_string())
}

#[test]
fn without_settings_it_is_the_embedded_server() {
    let home = Home::empty();
    let config = home.load().unwrap();
    let local = config.profile(config.chosen()).unwrap();
    assert_eq!((local.name.as_str(), local.server.as_str()), ("local", "embedded server"));
    assert!(!local.signs_in && !local.production && !local.read_only);
    assert!(matches!(config.connection("local"), Ok(ServerLocation::Embedded(folder)) if folder == home.at("data")));
    assert_eq!(config.profiles(), [local]);
}

#[test]
fn the_nearest_word_counts() {
    let mut home = Home::with(TWO);
    let profile = |name: &str| Overrides { profile: Some(name.into()), ..Overrides::default() };
    let url = Overrides { url: Some("https://other.example:8443//dashboard#/default".into()), ..Overrides::default() };
    let data = Overrides { data: Some("/srv/keys".into()), ..Overrides::default() };
    assert_eq!(chosen(&home, &Overrides::default()).unwrap(), "team");
    home.dirs.profile = Some("lab".to_owned());
    assert_eq!(chosen(&home, &Overrides::default()).unwrap(), "lab");
    assert_eq!(chosen(&home, &data).unwrap(), "local");
    assert_eq!(chosen(&home, &url).unwrap(), "other.example:8443");
    assert_eq!(chosen(&home, &profile("team")).unwrap(), "team");
    assert_eq!(chosen(&home, &profile("local")).unwrap(), "local");
    let home = Home::with(&TWO.replace("default_profile", "# default_profile"));
    assert_eq!(chosen(&home, &Overrides::default()).unwrap(), "local");
}

#[test]
fn an_unknown_name_is_said_with_its_source_and_what_may_be_meant() {
    let mut home = Home::with(TWO);
    let error = chosen(&home, &Overrides { profile: Some("taem".into()), ..Overrides::default() }).unwrap_err();
    assert!(
        error.starts_with(r#"no profile is named "taem" (--profile); did you mean team?; the profiles are: "#),
        "{error}"
    );
    assert!(error.contains("local, team, lab") && error.contains("config.toml"), "{error}");
    home.dirs.profile = Some("nonsense".into());
    let error = chosen(&home, &Overrides::default()).unwrap_err();
    assert!(error.contains("(LATCHKEY_PROFILE)") && !error.contains("did you mean"), "{error}");
    let home = Home::with(&TWO.replace(r#""team""#, r#""tea""#));
    let error = chosen(&home, &Overrides::default()).unwrap_err();
    assert!(error.contains("config.toml, line 2, column 19); did you mean team?"), "{error}");
}

#[test]
fn a_url_makes_a_profile_of_its_own() {
    let home = Home::with(TWO);
    let overrides =
        Overrides { url: Some("https://pasted.example//dashboard#/default".into()), ..Overrides::default() };
    let config = Config::load(&overrides, &home.dirs).unwrap();
    let profile = config.profile("pasted.example").unwrap();
    assert_eq!(profile.server, "pasted.example");
    assert!(profile.signs_in);
    assert_eq!(config.notices(), ["Only https://pasted.example of the pasted address is used."]);
    assert_eq!(config.url_of_ad_hoc("pasted.example"), Some("https://pasted.example"));
    assert_eq!(config.url_of_ad_hoc("team"), None);
    let wrong = Overrides { url: Some("https://jo:hunter2@pasted.example".into()), ..Overrides::default() };
    let error = Config::load(&wrong, &home.dirs).unwrap_err();
    assert!(matches!(error, ConfigError::Url(_)) && !error.to_string().contains("hunter2"));
}

#[test]
fn data_is_for_the_embedded_server_only() {
    let home = Home::with(TWO);
    let data = |profile: Option<&str>| Overrides {
        data: Some("/srv/keys".into()),
        profile: profile.map(str::to_owned),
        ..Overrides::default()
    };
    for name in ["local", "lab"] {
        let config = Config::load(&data(Some(name)), &home.dirs).unwrap();
        assert!(
            matches!(config.connection(name), Ok(ServerLocation::Embedded(folder)) if folder.as_os_str() == "/srv/keys")
        );
    }
    let error = chosen(&home, &data(Some("team"))).unwrap_err();
    assert!(error.contains("the profile team uses another server"), "{error}");
}

#[test]
fn read_only_is_for_every_profile() {
    let home = Home::with(TWO);
    let config = Config::load(&Overrides { read_only: true, ..Overrides::default() }, &home.dirs).unwrap();
    assert!(config.profiles().iter().all(|profile| profile.read_only));
    assert!(home.load().unwrap().profiles().iter().all(|profile| !profile.read_only));
}

#[test]
fn another_file_can_be_named_and_must_be_there() {
    let home = Home::with(TWO);
    let moved = home.folder.path().join("mine.toml");
    let overrides = Overrides { config: Some(moved.clone()), ..Overrides::default() };
    let error = chosen(&home, &overrides).unwrap_err();
    assert_eq!(error, format!("the settings in {} do not exist: check --config", moved.display()));
    std::fs::rename(home.file(), &moved).unwrap();
    assert_eq!(chosen(&home, &overrides).unwrap(), "team");
    assert_eq!(chosen(&home, &Overrides::default()).unwrap(), "local");
}

#[test]
fn a_forward_is_about_the_chosen_server_or_refused() {
    let home = Home::with("[profiles.team]\nbase_url = \"https://keys.example\"\n");
    let overrides = |forward: &str| Overrides {
        profile: Some("team".into()),
        connect_to: Some(forward.parse().unwrap()),
        ..Overrides::default()
    };
    let config = Config::load(&overrides("keys.example:443=127.0.0.1:8443"), &home.dirs).unwrap();
    let ServerLocation::Remote(connection) = config.connection("team").unwrap() else { panic!("it is elsewhere") };
    assert_eq!(connection.connect_to, Some(([127, 0, 0, 1], 8443).into()));
    for other in ["other.example:443=127.0.0.1:8443", "keys.example:444=127.0.0.1:8443"] {
        let error = Config::load(&overrides(other), &home.dirs).unwrap_err().to_string();
        assert!(error.contains("but the server is keys.example"), "{error}");
    }
    let local = Overrides { profile: None, ..overrides("keys.example:443=127.0.0.1:8443") };
    assert!(Config::load(&local, &home.dirs).unwrap_err().to_string().contains("embedded server"));
}

#[test]
fn an_authority_for_one_run_is_for_a_server_with_tls() {
    let home = Home::with("[profiles.team]\nbase_url = \"https://keys.example\"\nca_file = \"old.pem\"\n");
    let overrides = |url: Option<&str>, profile: Option<&str>| Overrides {
        profile: profile.map(str::to_owned),
        url: url.map(str::to_owned),
        ca_file: Some("new.pem".into()),
        ..Overrides::default()
    };
    for (overrides, name) in
        [(overrides(None, Some("team")), "team"), (overrides(Some("https://other.example"), None), "other.example")]
    {
        let config = Config::load(&overrides, &home.dirs).unwrap();
        let ServerLocation::Remote(connection) = config.connection(name).unwrap() else { panic!("it is elsewhere") };
        assert_eq!(connection.ca_file, Some("new.pem".into()));
        assert!(config.command(name, "doctor").contains("--ca-file new.pem"));
    }
    for overrides in [overrides(None, None), overrides(Some("http://127.0.0.1:1"), None)] {
        let error = Config::load(&overrides, &home.dirs).unwrap_err().to_string();
        assert!(error.starts_with("--ca-file is for servers with an https:// URL"), "{error}");
    }
}
