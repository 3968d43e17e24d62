use super::*;

fn terminal() -> Environment {
    Environment { term: "xterm-256color".into(), ..Environment::default() }
}

/// tmux with one client, whose terminal takes a clipboard.
fn tmux(version: (u32, u32), is_open: bool) -> Tmux {
    let client = Client { tty: "/dev/pts/1".into(), term: "xterm".into(), takes_clipboard: true, ..Client::default() };
    Tmux { version, is_open, last: "/dev/pts/1".into(), clients: vec![client], viewers: 1, ..Tmux::default() }
}

fn auto(environment: &Environment) -> Result<Way, String> {
    choose(environment, Clipboard::Auto, None, false)
}

#[test]
fn the_surroundings_choose() {
    assert_eq!(auto(&terminal()), Ok(Way::Terminal));
    assert_eq!(auto(&Environment { x11: true, ..terminal() }), Ok(Way::X11));
    assert_eq!(auto(&Environment { x11: true, wayland: true, ..terminal() }), Ok(Way::Wayland));
    assert_eq!(auto(&Environment { screen: true, x11: true, ..terminal() }), Ok(Way::Screen));
    let (environment, tmux) =
        (Environment { pane: Some("%0".into()), x11: true, ..terminal() }, Ok(tmux((3, 3), false)));
    assert_eq!(choose(&environment, Clipboard::Auto, Some(&tmux), false), Ok(Way::Tmux));
}

#[test]
fn over_ssh_a_display_is_another_machines_unless_it_is_wished_for() {
    let ssh = Environment { ssh: true, x11: true, wayland: true, ..terminal() };
    assert_eq!(auto(&ssh), Ok(Way::Terminal));
    assert_eq!(choose(&ssh, Clipboard::Wayland, None, false), Ok(Way::Wayland));
    let forwarded = Environment { ssh: true, x11: true, ..terminal() };
    assert_eq!(choose(&forwarded, Clipboard::X11, None, false), Ok(Way::X11));
}

#[test]
fn what_cannot_work_is_said() {
    let term = |term: &str| Environment { term: term.into(), ..Environment::default() };
    for name in ["linux", "vt100", "dumb", ""] {
        assert!(auto(&term(name)).unwrap_err().contains("takes no clipboard"), "{name}");
        assert!(choose(&term(name), Clipboard::Screen, None, false).is_err(), "{name}");
    }
    for (wish, words) in [
        (Clipboard::Off, "switched off"),
        (Clipboard::Tmux, "TMUX is not set"),
        (Clipboard::X11, "DISPLAY is not set"),
        (Clipboard::Wayland, "WAYLAND_DISPLAY is not set"),
    ] {
        assert!(choose(&terminal(), wish, None, false).unwrap_err().contains(words), "{wish:?}");
    }
    let screen = Environment { screen: true, ..terminal() };
    assert!(choose(&screen, Clipboard::Osc52, None, false).unwrap_err().contains("swallows"));
    let both = Environment { x11: true, wayland: true, ..terminal() };
    assert!(choose(&both, Clipboard::X11, None, false).unwrap_err().contains("unset it"));
}

#[test]
fn what_tmux_cannot_do_is_said() {
    let environment = Environment { pane: Some("%0".into()), ..terminal() };
    let by = |tmux: Result<Tmux, String>, wish, mosh| choose(&environment, wish, Some(&tmux), mosh);
    assert!(by(Ok(tmux((3, 1), false)), Clipboard::Auto, false).unwrap_err().contains("too old"));
    assert!(by(Err("tmux does not answer".into()), Clipboard::Auto, false).unwrap_err().contains("does not answer"));
    let mut poor = tmux((3, 3), false);
    poor.clients[0].takes_clipboard = false;
    assert!(by(Ok(poor), Clipboard::Auto, false).unwrap_err().contains("as tmux sees it (xterm)"));
    let detached = Tmux { clients: Vec::new(), ..tmux((3, 3), false) };
    assert!(by(Ok(detached), Clipboard::Auto, false).unwrap_err().contains("no terminal is attached"));
    assert!(by(Ok(tmux((3, 3), false)), Clipboard::Osc52, false).unwrap_err().contains("only with set-clipboard on"));
    assert_eq!(by(Ok(tmux((3, 3), true)), Clipboard::Osc52, false), Ok(Way::ThroughTmux));
    let shared = Tmux { viewers: 2, ..tmux((3, 3), true) };
    assert!(by(Ok(shared), Clipboard::Osc52, false).unwrap_err().contains("2 terminals"));
}

#[test]
fn mosh_lets_only_one_kind_through() {
    assert_eq!(choose(&terminal(), Clipboard::Auto, None, true), Ok(Way::Mosh));
    let environment = Environment { pane: Some("%0".into()), ..terminal() };
    for (version, is_open) in [((3, 3), true), ((3, 4), false), ((3, 8), false)] {
        let tmux = Ok(tmux(version, is_open));
        for wish in [Clipboard::Auto, Clipboard::Tmux, Clipboard::Osc52] {
            assert!(choose(&environment, wish, Some(&tmux), true).unwrap_err().contains("mosh blocks"));
        }
    }
    let open = tmux((3, 4), true);
    assert_eq!(choose(&environment, Clipboard::Auto, Some(&Ok(open.clone())), true), Ok(Way::ThroughTmux));
    let shared = Tmux { viewers: 3, ..open };
    assert!(choose(&environment, Clipboard::Auto, Some(&Ok(shared)), true).unwrap_err().contains("3 terminals"));
}

#[test]
fn what_stays_behind_is_said() {
    let nested = Client { term: "screen-256color".into(), ..Client::default() };
    assert!(Way::Tmux.caveat(&terminal(), Some(&nested)).unwrap().contains("buffer"));
    assert_eq!(Way::Tmux.caveat(&terminal(), Some(&Client { term: "xterm".into(), ..Client::default() })), None);
    let lost = Environment { term: "tmux-256color".into(), ..Environment::default() };
    assert!(Way::Terminal.caveat(&lost, None).unwrap().contains("sudo"));
    assert!(Way::X11.caveat(&terminal(), None).unwrap().contains("history"));
}
