use super::*;

fn terminal() -> Environment {
    Environment { term: "xterm-256color".into(), ..Environment::default() }
}

/// tmux with one client, whose terminal takes a clipboard.
fn tmux(version: (u32, u32), is_open: bool) -> Tmux {
    let client =
        TmuxClient { tty: "/dev/pts/1".into(), term: "xterm".into(), takes_clipboard: true, ..TmuxClient::default() };
    Tmux { version, is_open, last: "/dev/pts/1".into(), clients: vec![client], viewers: 1, ..Tmux::default() }
}

fn auto(environment: &Environment) -> Result<ClipboardRoute, String> {
    choose(environment, ClipboardChoice::Auto, None, false)
}

#[test]
fn the_surroundings_choose() {
    assert_eq!(auto(&terminal()), Ok(ClipboardRoute::Terminal));
    assert_eq!(auto(&Environment { x11: true, ..terminal() }), Ok(ClipboardRoute::X11));
    assert_eq!(auto(&Environment { x11: true, wayland: true, ..terminal() }), Ok(ClipboardRoute::Wayland));
    assert_eq!(auto(&Environment { screen: true, x11: true, ..terminal() }), Ok(ClipboardRoute::Screen));
    let (environment, tmux) =
        (Environment { pane: Some("%0".into()), x11: true, ..terminal() }, Ok(tmux((3, 3), false)));
    assert_eq!(choose(&environment, ClipboardChoice::Auto, Some(&tmux), false), Ok(ClipboardRoute::Tmux));
    let mut in_xterm = tmux;
    if let Ok(tmux) = &mut in_xterm {
        tmux.clients[0].is_xterm = true;
    }
    assert_eq!(choose(&environment, ClipboardChoice::Auto, Some(&in_xterm), false), Ok(ClipboardRoute::TmuxPrimary));
}

#[test]
fn over_ssh_a_display_is_another_machines_unless_it_is_wished_for() {
    let ssh = Environment { ssh: true, x11: true, wayland: true, ..terminal() };
    assert_eq!(auto(&ssh), Ok(ClipboardRoute::Terminal));
    assert_eq!(choose(&ssh, ClipboardChoice::Wayland, None, false), Ok(ClipboardRoute::Wayland));
    let forwarded = Environment { ssh: true, x11: true, ..terminal() };
    assert_eq!(choose(&forwarded, ClipboardChoice::X11, None, false), Ok(ClipboardRoute::X11));
}

#[test]
fn what_cannot_work_is_said() {
    let term = |term: &str| Environment { term: term.into(), ..Environment::default() };
    for name in ["linux", "vt100", "dumb", ""] {
        assert!(auto(&term(name)).unwrap_err().contains("doesn't support a clipboard"), "{name}");
        assert!(choose(&term(name), ClipboardChoice::Screen, None, false).is_err(), "{name}");
    }
    for (wish, words) in [
        (ClipboardChoice::Off, "turned off"),
        (ClipboardChoice::Tmux, "TMUX is not set"),
        (ClipboardChoice::X11, "DISPLAY is not set"),
        (ClipboardChoice::Wayland, "WAYLAND_DISPLAY is not set"),
    ] {
        assert!(choose(&terminal(), wish, None, false).unwrap_err().contains(words), "{wish:?}");
    }
    let screen = Environment { screen: true, ..terminal() };
    assert!(choose(&screen, ClipboardChoice::Osc52, None, false).unwrap_err().contains("blocks OSC 52"));
    let both = Environment { x11: true, wayland: true, ..terminal() };
    assert!(choose(&both, ClipboardChoice::X11, None, false).unwrap_err().contains("unset it"));
}

#[test]
fn what_tmux_cannot_do_is_said() {
    let environment = Environment { pane: Some("%0".into()), ..terminal() };
    let by = |tmux: Result<Tmux, String>, wish, mosh| choose(&environment, wish, Some(&tmux), mosh);
    assert!(by(Ok(tmux((3, 1), false)), ClipboardChoice::Auto, false).unwrap_err().contains("too old"));
    assert!(
        by(Err("tmux does not answer".into()), ClipboardChoice::Auto, false).unwrap_err().contains("does not answer")
    );
    let mut poor = tmux((3, 3), false);
    poor.clients[0].takes_clipboard = false;
    assert!(by(Ok(poor), ClipboardChoice::Auto, false).unwrap_err().contains("as tmux sees it (xterm)"));
    let detached = Tmux { clients: Vec::new(), ..tmux((3, 3), false) };
    assert!(by(Ok(detached), ClipboardChoice::Auto, false).unwrap_err().contains("no terminal is attached"));
    assert!(
        by(Ok(tmux((3, 3), false)), ClipboardChoice::Osc52, false).unwrap_err().contains("only with set-clipboard on")
    );
    assert_eq!(by(Ok(tmux((3, 3), true)), ClipboardChoice::Osc52, false), Ok(ClipboardRoute::ThroughTmux));
    let shared = Tmux { viewers: 2, ..tmux((3, 3), true) };
    assert!(by(Ok(shared), ClipboardChoice::Osc52, false).unwrap_err().contains("2 terminals"));
}

#[test]
fn mosh_lets_only_one_kind_through() {
    assert_eq!(choose(&terminal(), ClipboardChoice::Auto, None, true), Ok(ClipboardRoute::Mosh));
    let environment = Environment { pane: Some("%0".into()), ..terminal() };
    for (version, is_open) in [((3, 3), true), ((3, 4), false), ((3, 8), false)] {
        let tmux = Ok(tmux(version, is_open));
        for wish in [ClipboardChoice::Auto, ClipboardChoice::Tmux, ClipboardChoice::Osc52] {
            assert!(choose(&environment, wish, Some(&tmux), true).unwrap_err().contains("mosh blocks"));
        }
    }
    let open = tmux((3, 4), true);
    assert_eq!(
        choose(&environment, ClipboardChoice::Auto, Some(&Ok(open.clone())), true),
        Ok(ClipboardRoute::ThroughTmux)
    );
    let shared = Tmux { viewers: 3, ..open };
    assert!(choose(&environment, ClipboardChoice::Auto, Some(&Ok(shared)), true).unwrap_err().contains("3 terminals"));
}

#[test]
fn what_stays_behind_is_said() {
    let nested = TmuxClient { term: "screen-256color".into(), ..TmuxClient::default() };
    assert!(ClipboardRoute::Tmux.caveat(&terminal(), Some(&nested)).unwrap().contains("buffer"));
    assert_eq!(
        ClipboardRoute::Tmux.caveat(&terminal(), Some(&TmuxClient { term: "xterm".into(), ..TmuxClient::default() })),
        None
    );
    let lost = Environment { term: "tmux-256color".into(), ..Environment::default() };
    assert!(ClipboardRoute::Terminal.caveat(&lost, None).unwrap().contains("sudo"));
    assert!(ClipboardRoute::X11.caveat(&terminal(), None).unwrap().contains("history"));
}
