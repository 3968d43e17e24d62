//! What the event loop does with a terminal that is slow, gone, of another size, or wanted by the shell.

use std::time::Duration;

use latchkey::tui::runtime::SignalEvent;

use super::Bench;

/// What was written since the last time, and shown by no one.
fn written(bench: &Bench) -> String {
    String::from_utf8(std::mem::take(&mut bench.terminal.state().written)).unwrap()
}

#[tokio::test]
async fn an_idle_page_writes_nothing() {
    let mut bench = Bench::new().await;
    bench.create("quiet").await;
    bench.picture();
    bench.pass(Duration::from_secs(30)).await;
    assert_eq!(written(&bench), "");
    bench.type_keys("<FocusLost>").await;
    assert_eq!(written(&bench), "");
    bench.type_keys("?").await;
    assert_ne!(written(&bench), "");
}

#[tokio::test]
async fn a_slow_terminal_gets_the_newest_frame_only() {
    let mut bench = Bench::new().await;
    for label in ["one", "two", "three"] {
        bench.create(label).await;
    }
    bench.type_keys("<Home>").await;
    bench.sees("1 of 3");
    bench.terminal.state().is_slow = true;
    bench.type_keys("<Down>").await;
    assert_eq!(written(&bench), "");
    bench.terminal.state().is_slow = false;
    bench.type_keys("<Down>").await;
    let frame = written(&bench);
    assert!(frame.matches('▶').count() == 1 && frame.contains("\u{1b}[m3"), "{frame:?}");
}

#[tokio::test]
async fn a_terminal_that_is_gone_ends_the_page_as_a_hang_up() {
    let mut bench = Bench::new().await;
    bench.terminal.state().is_gone = true;
    bench.turn().await;
    let outcome = bench.outcome().unwrap();
    assert_eq!((outcome.words.as_deref(), outcome.signal), (None, Some(1)));
}

#[tokio::test]
async fn many_changes_of_size_are_one_repaint() {
    let mut bench = Bench::new().await;
    bench.picture();
    for width in [90, 95, 100] {
        bench.terminal.state().size = (width, 30);
        bench.signal(SignalEvent::Resized).await;
        assert_eq!(written(&bench), "");
    }
    bench.pass(Duration::from_millis(50)).await;
    assert_eq!(bench.state().size, (100, 30));
    assert_eq!(written(&bench).matches("API Keys Management").count(), 1);
}

#[tokio::test]
async fn the_shell_gets_its_terminal_and_the_page_comes_back_whole() {
    let mut bench = Bench::new().await;
    bench.create("kept").await;
    bench.sees("kept");
    bench.type_keys("<Ctrl-Z>").await;
    assert!(!bench.terminal.state().is_entered);
    bench.loses("kept");
    bench.terminal.state().size = (100, 30);
    bench.resume().await;
    assert!(bench.terminal.state().is_entered);
    bench.sees("kept");
    assert_eq!(bench.state().size, (100, 30));
}

#[tokio::test]
async fn a_signal_while_it_is_stopped_ends_the_page() {
    let mut bench = Bench::new().await;
    bench.signal(SignalEvent::Suspend).await;
    assert!(!bench.terminal.state().is_entered);
    bench.signal(SignalEvent::End(15)).await;
    assert_eq!(bench.outcome().unwrap().signal, Some(15));
}

#[tokio::test]
async fn without_a_shell_that_could_continue_it_the_page_stays() {
    let mut bench = Bench::new().await;
    bench.machine.state().can_resume = false;
    bench.type_keys("<Ctrl-Z>").await;
    assert!(bench.terminal.state().is_entered && !bench.state().suspending);
    bench.sees("Can't suspend: no job-control shell.");
}
