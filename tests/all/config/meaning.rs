//! What the settings mean.

use std::fs;
use std::time::Duration;

use latchkey::client::{Proxy, Target};
use latchkey::config::{PROFILE_SETTINGS, SERVE_SETTINGS, ServerLocation, TOP_SETTINGS};

use super::home::{Home, connection, url};

#[test]
fn the_example_is_good_and_has_every_setting() {
    let example = fs::read_to_string("assets/config.example.toml").unwrap();
    let home = Home::with(&example);
    let config = home.load().unwrap();
    assert_eq!(config.notices(), [""; 0]);
    let names: Vec<_> = config.profiles().into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["local", "team", "passportal", "far", "here", "lab"]);
    assert_eq!(config.chosen(), "team");
    for setting in TOP_SETTINGS.iter().chain(&PROFILE_SETTINGS) {
        let there = example.lines().any(|line| line.starts_with(&format!("{setting} = ")));
        assert!(there, "the example does not show {setting}");
    }
    let (_, of_serve) = example.split_once("[serve]\n").unwrap();
    for (setting, _) in SERVE_SETTINGS {
        let there = of_serve.lines().any(|line| line.starts_with(&format!("{setting} = ")));
        assert!(there, "the example does not show {setting} of serve");
    }
}

#[test]
fn every_setting_arrives() {
    let settings = r#"
[profiles.team]
base_url = "https://keys.example:8443"
username = "jo"
ca_file = "ca.pem"
ca_only = true
client_cert = "~/cert.pem"
client_key = "/abs/key.pem"
proxy = "http://jo:hunter2@proxy.example:3128"
connect_timeout = 7
timeout = 1_00
production = true
read_only = true
"#;
    let home = Home::with(settings);
    let config = home.load().unwrap();
    let profile = config.profile("team").unwrap();
    assert_eq!((profile.username.as_deref(), profile.server.as_str()), (Some("jo"), "keys.example:8443"));
    assert!(profile.production && profile.read_only && profile.signs_in);
    let ServerLocation::Remote(connection) = config.connection("team").unwrap() else { panic!("it is remote") };
    assert_eq!(url(&connection), "https://keys.example:8443");
    assert_eq!(connection.ca_file, Some(home.at("config/ca.pem")));
    assert!(connection.ca_only);
    assert_eq!(connection.client_cert, Some(home.at("home/cert.pem")));
    assert_eq!(connection.client_key, Some("/abs/key.pem".into()));
    assert_eq!(connection.connect_timeout, Duration::from_secs(7));
    assert_eq!(connection.timeout, Duration::from_secs(100));
    assert!(matches!(&connection.proxy, Proxy::Via(url) if url.for_screen() == "http://proxy.example:3128"));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_is_not_said_is_as_usual() {
    let plain = connection("[profiles.a]\nbase_url = \"https://keys.example\"", "a");
    assert_eq!((plain.connect_timeout, plain.timeout), (Duration::from_secs(5), Duration::from_secs(30)));
    assert!(matches!(plain.proxy, Proxy::Environment) && plain.ca_file.is_none() && !plain.ca_only);
    let none = connection("[profiles.a]\nbase_url = \"https://keys.example\"\nproxy = \"none\"", "a");
    assert!(matches!(none.proxy, Proxy::None));
}

#[test]
fn a_pasted_address_becomes_a_base_url_and_is_said() {
    let home = Home::with("[profiles.a]\nbase_url = \"https://instance.passportalmsp.com//dashboard#/default\"");
    let mut config = home.load().unwrap();
    assert_eq!((config.notices(), config.all_notices().len()), (vec![], 1), "another profile is used");
    config.choose("a").unwrap();
    assert_eq!(config.profile("a").unwrap().server, "instance.passportalmsp.com");
    let spot = format!("{}, line 2, column 12", home.file().display());
    assert_eq!(
        config.notices(),
        [format!("{spot}: Only https://instance.passportalmsp.com of the pasted address is used.")]
    );
}

#[test]
fn sockets_and_folders_are_servers_too() {
    let home = Home::with("[profiles.s]\nsocket = \"api.sock\"\ntimeout = 3\n[profiles.d]\ndata = \"~/keys\"");
    let config = home.load().unwrap();
    let (socket, data) = (config.profile("s").unwrap(), config.profile("d").unwrap());
    assert!(socket.signs_in && !data.signs_in);
    assert_eq!(data.server, "embedded server");
    let path = home.at("config/api.sock");
    assert_eq!(socket.server, path.display().to_string());
    match config.connection("s").unwrap() {
        ServerLocation::Remote(connection) => assert_eq!(connection.target, Target::Socket(path)),
        ServerLocation::Embedded(_) => panic!("it is a socket"),
    }
    match config.connection("d").unwrap() {
        ServerLocation::Embedded(folder) => assert_eq!(folder, home.at("home/keys")),
        ServerLocation::Remote(_) => panic!("it is embedded"),
    }
}

#[test]
fn the_built_in_profile_can_be_moved_and_marked() {
    let home = Home::with("[profiles.local]\nproduction = true");
    let config = home.load().unwrap();
    assert!(config.profile("local").unwrap().production);
    assert!(matches!(config.connection("local"), Ok(ServerLocation::Embedded(folder)) if folder == home.at("data")));
    assert_eq!(config.profiles().len(), 1);
}
