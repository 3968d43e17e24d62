//! What is wrong is named with its place, and no value is repeated that may be a credential.

use super::home::Home;

/// Settings, the line and column that must be named, and what must be said.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "colour = 1",
        "line 1, column 1",
        "there is no setting colour; there are: default_profile, clipboard, clipboard_seconds, keep_events, \
         ambiguous_width, columns, theme, dates, mouse, views, profiles, serve",
    ),
    ("theme = \"blue\"", "line 1, column 9", "theme is one of auto, dark, light, high-contrast, mono"),
    ("clipboard = \"xclip\"", "line 1, column 13", "clipboard is one of auto, tmux, screen, osc52, x11, wayland, off"),
    ("clipboard_seconds = 0", "line 1, column 21", "from 1 to 3600"),
    ("views = 3", "line 1, column 9", "write views below [views], each as NAME = \"QUERY\""),
    ("[views]\nstale = \"unused:1d statsu:active\"", "line 2, column 9", "did you mean status:?"),
    ("[views]\nexpired = \"x\"", "line 2, column 1", "there is another view with this name"),
    ("[views]\nleak = \"sk_abcdefgh\"", "line 2, column 8", "looks like a secret or token"),
    ("columns = \"id\"", "line 1, column 11", "columns must be a list, such as [\"id\", \"label\", \"expires_at\"]"),
    ("columns = [\"id\",\n  \"expire_at\"]", "line 2, column 3", "there is no such column; did you mean expires_at?"),
    ("columns = [\"id\", \"id\"]", "line 1, column 18", "id is in columns twice"),
    ("columns = []", "line 1, column 11", "columns is empty: name one, or remove the line"),
    ("columns = [1]", "line 1, column 12", "columns must be text in quotes, not a number"),
    ("keep_events = 0", "line 1, column 15", "days from 1 to 36500"),
    ("keep_events = \"1y\"", "line 1, column 15", "without quotes"),
    ("defualt_profile = \"a\"", "line 1, column 1", "did you mean default_profile?"),
    ("base_url = \"https://a\"", "line 1, column 1", "base_url belongs to a profile: write [profiles.NAME] above it"),
    ("serve = 3", "line 1, column 9", "write the settings of latchkey serve below [serve]"),
    ("listen = \"x\"", "line 1, column 1", "listen is a setting of latchkey serve: write [serve] above it"),
    ("[serve]\nlisen = \"x\"", "line 2, column 1", "there is no setting lisen; did you mean listen?"),
    ("[serve]\npassword = \"hunter2\"", "line 2, column 1", "password must not be stored in this file"),
    ("[serve]\nlisten = 3", "line 2, column 10", "listen must be text in quotes, not a number"),
    ("[serve]\nlisten = [\"x\", 3]", "line 2, column 16", "listen must be text in quotes, not a number"),
    ("[serve]\nthreads = \"3\"", "line 2, column 11", "threads must be a whole number, without quotes"),
    ("[serve]\nbehind_proxy = 1", "line 2, column 16", "behind_proxy must be true or false, not a number"),
    ("profiles = 3", "line 1, column 12", "write profiles as [profiles.NAME]"),
    ("[profiles]\na = 3", "line 2, column 1", "a is a profile: write [profiles.a]"),
    ("[profiles.\"a b\"]\ndata = \"x\"", "line 1, column 11", "a profile name may have 1 to 32 letters"),
    ("[profiles.a]", "line 1, column 11", "the profile a has no server: add base_url, socket or data"),
    ("[profiles.a]\ndata = \"x\"\n\nsocket = \"y\"", "line", "name two servers"),
    (
        "[profiles.a]\nbase_ulr = \"https://a\"",
        "line 2, column 1",
        "there is no setting base_ulr; did you mean base_url?",
    ),
    ("[profiles.a]\nbase-url = \"https://a\"", "line 2, column 1", "did you mean base_url?"),
    (
        "[profiles.a]\ndata = \"x\"\nsize = 3",
        "line 3, column 1",
        "there is no setting size; there are: base_url, socket",
    ),
    ("[profiles.a]\nbase_url = 3", "line 2, column 12", "base_url must be text in quotes, not a number"),
    ("[profiles.a]\nbase_url = \"\"", "line 2, column 12", "base_url is empty"),
    (
        "[profiles.a]\nbase_url = \"http://keys.example\"",
        "line 2, column 12",
        "http:// is allowed only for this machine",
    ),
    ("[profiles.a]\nsocket = \"x\"\nca_file = \"y\"", "line 3, column 1", "ca_file has no effect with socket"),
    ("[profiles.a]\ndata = \"x\"\nusername = \"jo\"", "line 3, column 1", "username has no effect with data"),
    ("[profiles.a]\nbase_url = \"https://a\"\nca_only = true", "line 3, column 1", "ca_only needs ca_file"),
    ("[profiles.a]\nbase_url = \"https://a\"\nclient_key = \"k\"", "line 3, column 1", "client_key needs client_cert"),
    (
        "[profiles.a]\nbase_url = \"https://a\"\nca_only = \"yes\"",
        "line 3, column 11",
        "ca_only must be true or false, not text",
    ),
    (
        "[profiles.a]\nbase_url = \"https://a\"\ntimeout = \"30\"",
        "line 3, column 11",
        "a whole number of seconds from 1 to 3600",
    ),
    ("[profiles.a]\nbase_url = \"https://a\"\ntimeout = 0", "line 3, column 11", "from 1 to 3600"),
    ("[profiles.a]\nbase_url = \"https://a\"\ntimeout = 3601", "line 3, column 11", "from 1 to 3600"),
    ("[profiles.a]\nbase_url = \"https://a\"\ntimeout = 1.5", "line 3, column 11", "from 1 to 3600"),
    (
        "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"ftp://p\"",
        "line 3, column 9",
        "the proxy can't be used: it must begin",
    ),
    ("[profiles.local]\nbase_url = \"https://a\"", "line 1, column 11", "is reserved for the embedded server"),
    ("[profiles.a]\nsocket = \"x\"\nkey_format = \"hex\"", "line 3, column 1", "key_format has no effect with socket"),
    ("[profiles.a]\ndata = \"x\"\nkey_format = \"base64\"", "line 3, column 14", "key_format is one of prefixed, hex"),
    ("[profiles.local]\nproxy = \"none\"", "line 2, column 1", "proxy has no effect with data"),
    ("# ä\n[profiles.a]\nbase_url = \"https://a\" x", "line 3, column 24", "not valid TOML"),
    ("[profiles.a]\ndata = \"x\"\ndata = \"y\"", "line 3, column 1", "duplicate key"),
    ("[profiles.a]\nusername = \"j\\u001bo\"\ndata = \"x\"", "line 2, column 1", "username has no effect with data"),
    (
        "[profiles.a]\nbase_url = \"https://a\"\nusername = \"j\\u001bo\"",
        "line 3, column 12",
        "contains a control character",
    ),
];

#[test]
fn each_mistake_has_its_place_and_its_sentence() {
    for (settings, place, words) in WRONG {
        let home = Home::with(settings);
        let error = home.load().unwrap_err().to_string();
        let expected = format!("{}, {place}", home.file().display());
        assert!(error.starts_with(&expected), "{settings:?}: {error}");
        assert!(error.contains(words), "{settings:?}: {error}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn secrets_have_no_place_here_and_are_not_repeated() {
    for name in [
        "password",
        "Passwd",
        "secret_access_key",
        "token",
        "session_token",
        "api-key",
        "access_key",
        "client_key_passphrase",
    ] {
        for settings in [
            format!("{name} = \"hunter2\""),
            format!("[profiles.a]\nbase_url = \"https://a\"\n{name} = \"hunter2\""),
            format!("[{name}]\nvalue = \"hunter2\""),
        ] {
            let error = Home::with(&settings).load().unwrap_err().to_string();
            assert!(error.contains(&format!("{name} must not be stored in this file")), "{settings:?}: {error}");
            assert!(error.contains("latchkey login"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

/// Each holds a credential, and each is wrong.
const WITH_CREDENTIALS: &[&str] = &[
    "[profiles.a]\nbase_url = \"https://jo:hunter2@keys.example\"",
    "[profiles.a]\nbase_url = \"sk_hunter2\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"ftp://jo:hunter2@p\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://jo:hunter2@p:99999\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://jo:hunter2@\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://p/hunter2\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = http://jo:hunter2@p",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://jo:hunter2@p",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://jo:hunter2\\q@p\"",
    "[profiles.a]\nbase_url = \"https://a\"\nproxy = \"http://jo:hunter2@p\" \"hunter2\"",
    "[profiles.a]\npassword = hunter2",
    "[profiles.a]\npassword hunter2",
    "[profiles.a]\ntimeout = \"hunter2\"\nbase_url = \"https://a\"",
    "[profiles.a]\nproduction = \"hunter2\"\nbase_url = \"https://a\"",
    "sk_hunter2 = 1",
    "hunter2 hunter2",
    "hunter2",
    "default_profile = 3 # hunter2",
    "[profiles.a]\nproxy = [\"hunter2\"]\nbase_url = \"https://a\"",
    "[profiles.sk_hunter2]\ndata = \"x\"",
];

#[test]
fn an_error_never_repeats_what_may_be_a_credential() {
    for settings in WITH_CREDENTIALS {
        let error = Home::with(settings).load().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{settings:?}: {error}");
        assert!(error.to_string().contains("config.toml, line "), "{settings:?}: {error}");
    }
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let home = Home::with("[profiles.a]\ndata = \"x\"");
    for mode in [0o620, 0o602, 0o666, 0o777] {
        home.mode(mode);
        let error = home.load().unwrap_err().to_string();
        assert!(error.contains("can be written by others") && error.contains("chmod go-w"), "{mode:o}: {error}");
    }
    for mode in [0o400, 0o600, 0o644] {
        home.mode(mode);
        assert!(home.load().is_ok(), "{mode:o}");
    }
}

#[test]
fn a_proxy_password_that_others_can_read_is_refused() {
    let with = |proxy| format!("[profiles.a]\nbase_url = \"https://a\"\nproxy = \"{proxy}\"");
    let home = Home::with(&with("http://jo:hunter2@proxy:3128"));
    assert!(home.load().is_ok());
    for mode in [0o640, 0o604] {
        home.mode(mode);
        let error = home.load().unwrap_err().to_string();
        assert!(error.contains("line 3, column 9: others can read the proxy's password"), "{error}");
        assert!(!error.contains("hunter2"));
    }
    let home = Home::with(&with("http://proxy:3128"));
    home.mode(0o644);
    assert!(home.load().is_ok());
}

#[test]
fn what_is_no_file_of_settings_is_named() {
    let home = Home::empty();
    std::fs::create_dir_all(home.file()).unwrap();
    assert!(home.load().unwrap_err().to_string().contains("are not in a regular file"));
    let home = Home::with("");
    for (bytes, words) in [(&b"\xff\xfe#\0"[..], "are UTF-16 text, not UTF-8"), (b"# M\xfcller", "are not UTF-8 text")]
    {
        std::fs::write(home.file(), bytes).unwrap();
        assert!(home.load().unwrap_err().to_string().contains(words));
    }
    std::fs::write(home.file(), "\u{feff}clipboard = \"off\"\n").unwrap();
    assert!(home.load().is_ok());
    std::fs::write(home.file(), "#".repeat((1 << 20) + 1)).unwrap();
    assert!(home.load().unwrap_err().to_string().contains("larger than 1 MB"));
}
