use std::os::unix::fs::symlink;

use chrono::TimeDelta;

use super::*;
use crate::domain::BaseUrl;

const TOKEN: &str = "st_never-to-be-seen";

fn url(text: &str) -> Target {
    Target::Url(BaseUrl::parse(text).unwrap().0)
}

/// The server writes names in its own way.
fn session(username: &str, lives: TimeDelta) -> AdminSession {
    AdminSession {
        token: SecretString::from(TOKEN),
        expires_at: Utc::now() + lives,
        username: Untrusted::new(&username.to_uppercase()),
        role: Untrusted::new("auditor"),
    }
}

/// A state folder, and the file of a profile in it that holds a session of `jo`.
fn stored() -> (tempfile::TempDir, SessionFile) {
    let state = tempfile::tempdir().unwrap();
    let file = SessionFile::of(&state.path().join("a/b"), "team", &url("https://keys.example"));
    file.store(&session("jo", TimeDelta::hours(1)), "jo", SessionStorage::File).unwrap();
    (state, file)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn refused(file: &SessionFile, words: &str) {
    let error = file.load(None, Utc::now()).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.to_string().contains(&file.path.display().to_string()), "{error}");
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[test]
fn a_session_comes_back_as_it_was_from_a_private_file() {
    let (_state, file) = stored();
    let found = file.load(Some("jo"), Utc::now()).unwrap().unwrap();
    assert_eq!(found.token.expose_secret(), TOKEN);
    assert_eq!((found.username.raw_for_api(), found.role.raw_for_api()), ("JO", "auditor"));
    assert_eq!((mode(&file.path), mode(&file.folder)), (0o600, 0o700));
    assert_eq!(mode(file.folder.parent().unwrap()), 0o700);
    file.store(&session("mo", TimeDelta::hours(1)), "mo", SessionStorage::File).unwrap();
    assert_eq!(file.load(None, Utc::now()).unwrap().unwrap().username.raw_for_api(), "MO");
    assert_eq!(fs::read_dir(&file.folder).unwrap().count(), 1, "nothing is left behind");
    assert!(file.remove().unwrap());
    assert!(!file.remove().unwrap());
    assert!(file.load(None, Utc::now()).unwrap().is_none());
}

#[test]
fn it_goes_to_no_other_server_and_to_no_other_name() {
    let (state, file) = stored();
    let at = |target| SessionFile::of(&state.path().join("a/b"), "team", &target);
    for other in [
        url("https://keys.example:8443"),
        url("https://keys.example.evil.example"),
        url("http://localhost"),
        Target::Socket("/run/keys.example".into()),
    ] {
        assert_eq!(at(other.clone()).path, file.path);
        assert!(at(other).load(None, Utc::now()).unwrap().is_none());
    }
    assert!(file.load(Some("mo"), Utc::now()).unwrap().is_none());
    assert!(at(url("https://keys.example/")).load(None, Utc::now()).unwrap().is_some());
}

#[test]
fn somebody_else_on_a_shared_account_does_not_use_it() {
    for (theirs, ours, used) in [
        (Some(1000), Some(1001), false),
        (Some(1000), Some(1000), true),
        (None, Some(1000), true),
        (Some(1000), None, true),
    ] {
        let (_state, mut file) = stored();
        file.login = theirs;
        file.store(&session("jo", TimeDelta::hours(1)), "jo", SessionStorage::File).unwrap();
        file.login = ours;
        assert_eq!(file.load(None, Utc::now()).unwrap().is_some(), used, "{theirs:?} {ours:?}");
    }
}

#[test]
fn one_that_has_ended_is_removed() {
    let (_state, file) = stored();
    assert!(file.load(None, Utc::now() + TimeDelta::minutes(59)).unwrap().is_some());
    assert!(file.load(None, Utc::now() + TimeDelta::minutes(61)).unwrap().is_none());
    assert!(!file.path.exists());
}

#[test]
fn a_file_that_is_not_ours_alone_is_refused() {
    for open in [0o640, 0o604, 0o620, 0o666] {
        let (_state, file) = stored();
        fs::set_permissions(&file.path, Permissions::from_mode(open)).unwrap();
        refused(&file, "can be read or written by other users");
    }
    let (_state, file) = stored();
    fs::hard_link(&file.path, file.folder.join("other")).unwrap();
    refused(&file, "has a second name");

    let (_state, file) = stored();
    let moved = file.folder.join("moved");
    fs::rename(&file.path, &moved).unwrap();
    symlink(&moved, &file.path).unwrap();
    refused(&file, "is a symbolic link");

    let (_state, file) = stored();
    fs::set_permissions(&file.folder, Permissions::from_mode(0o750)).unwrap();
    refused(&file, "is in a folder that other users can access");
    assert!(file.store(&session("jo", TimeDelta::hours(1)), "jo", SessionStorage::File).is_err());

    let (_state, file) = stored();
    file.remove().unwrap();
    fs::create_dir(&file.path).unwrap();
    refused(&file, "is not a plain file");
}

#[test]
fn a_link_in_its_place_is_replaced_and_not_followed() {
    let (state, file) = stored();
    let victim = state.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    file.remove().unwrap();
    symlink(&victim, &file.path).unwrap();
    file.store(&session("jo", TimeDelta::hours(1)), "jo", SessionStorage::File).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(fs::symlink_metadata(&file.path).unwrap().is_file());
}

#[test]
fn what_cannot_be_understood_is_named_and_not_repeated() {
    for text in ["", "{", r#"{"session_token": 5, "x": "st_never-to-be-seen"}"#, "[]"] {
        let (_state, file) = stored();
        fs::write(&file.path, text).unwrap();
        refused(&file, "can't be read; remove it and sign in again");
    }
}

#[test]
fn any_name_makes_a_file_in_the_folder() {
    let state = Path::new("/state");
    for name in ["keys.example:8443", "[::1]:8080", "../../etc/passwd", "..", &"x".repeat(300)] {
        let file = SessionFile::of(state, name, &url("https://keys.example"));
        assert_eq!(file.path.parent(), Some(Path::new("/state/sessions")), "{name}");
        assert!(file.path.file_name().unwrap().len() < 200, "{name}");
    }
}

#[test]
fn many_at_once_leave_one_whole_file() {
    let (_state, file) = stored();
    std::thread::scope(|scope| {
        for n in 0..20 {
            let file = &file;
            scope.spawn(move || {
                file.store(&session("jo", TimeDelta::hours(1)), &format!("jo{n}"), SessionStorage::File).unwrap();
                assert!(file.load(None, Utc::now()).unwrap().is_some());
            });
        }
    });
    assert_eq!(fs::read_dir(&file.folder).unwrap().count(), 1);
}
