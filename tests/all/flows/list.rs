//! The list as a window onto many keys.

use super::Bench;
use latchkey::domain::{Order, Sort};
use latchkey::tui::state::Dialog;
use tempfile::TempDir;

const MANY: u64 = 1500;

async fn many() -> Bench {
    let folder = TempDir::new().unwrap();
    crate::support::fill::fill(folder.path(), MANY, &mut |_| {}).unwrap();
    Bench::on(folder).await
}

fn selected(bench: &Bench) -> String {
    bench.state().list.selected_key().unwrap().id.raw_for_api().to_owned()
}

#[tokio::test]
async fn scrolling_down_and_up_again_sees_every_key_once_and_in_order() {
    let mut bench = many().await;
    let mut down = vec![selected(&bench)];
    for _ in 1..MANY {
        bench.type_keys("<Down>").await;
        down.push(selected(&bench));
        assert_eq!(bench.state().list.position(), Some(down.len() as u64));
    }
    let mut unique = down.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), down.len());
    bench.type_keys("<Down>").await;
    assert_eq!(selected(&bench), *down.last().unwrap());
    for id in down.iter().rev() {
        assert_eq!(selected(&bench), *id);
        bench.type_keys("k").await;
    }
    assert_eq!(bench.state().list.position(), Some(1));
}

#[tokio::test]
async fn the_end_is_one_press_away_and_so_is_the_beginning() {
    let mut bench = many().await;
    let first = selected(&bench);
    bench.type_keys("<End>").await;
    bench.sees("1,500 of 1,500");
    bench.type_keys("<PageUp><PageUp>").await;
    bench.sees("1,464 of 1,500");
    bench.type_keys("<Home>").await;
    assert_eq!(selected(&bench), first);
    bench.type_keys("<PageDown><PageDown><PageDown>").await;
    bench.sees("55 of 1,500");
    // In reverse, the first key is the last one.
    bench.type_keys("<Home>3").await;
    assert_eq!(selected(&bench), first);
    bench.sees("1,500 of 1,500");
}

#[tokio::test]
async fn every_column_sorts_both_ways() {
    let mut bench = many().await;
    let columns =
        [("1", Sort::Id), ("2", Sort::Label), ("4", Sort::LastUsedAt), ("5", Sort::Status), ("8", Sort::ExpiresAt)];
    for (press, sort) in columns {
        bench.type_keys(press).await;
        assert_eq!((bench.state().list.query.sort, bench.state().list.query.order), (sort, sort.natural_order()));
        bench.type_keys("<Home>").await; // the selected key was followed
        let first = selected(&bench);
        bench.type_keys(press).await;
        bench.type_keys("<End>").await;
        assert_eq!(selected(&bench), first, "{sort:?} from the other end");
    }
    bench.type_keys("3S").await;
    assert_eq!(bench.state().list.query.order, Order::Asc);
    bench.sees("Created▲");
}

#[tokio::test]
async fn details_open_by_themselves_where_there_is_room() {
    let mut bench = many().await;
    assert!(!bench.picture().contains("│ Details"));
    // Not where the list would lose a column to them.
    bench.resize((190, 30)).await;
    assert!(!bench.picture().contains("│ Details"));
    bench.sees("Used from");
    bench.resize((200, 30)).await;
    bench.sees("│ Details");
    bench.sees("Used from");
    bench.type_keys("/grafana<Enter><Esc>").await;
    bench.sees("1,500 keys");
    bench.sees("│ Details");
    bench.type_keys("<Enter>").await;
    bench.resize((210, 30)).await;
    bench.loses("│ Details");
    bench.sees("Used from");
}

#[tokio::test]
async fn keys_that_expire_soon_are_counted_and_a_press_away() {
    let mut bench = many().await;
    let count = |bench: &Bench| bench.state().expiring.count.unwrap();
    let before = count(&bench);
    assert!(before > 1, "{before}");
    bench.sees(&format!("{before} expire within 7 days (!)"));
    bench.type_keys("!").await;
    bench.sees(&format!("{before} keys match"));
    assert_eq!(bench.picture().matches("!! ● active").count() as u64, before);
    // The number is right after a change, too.
    bench.type_keys("a<Tab><Enter>").await;
    bench.sees("Deactivated");
    assert_eq!(count(&bench), before - 1);
    bench.type_keys("u").await;
    assert_eq!(count(&bench), before);
}

#[tokio::test]
async fn a_view_is_two_presses_away_and_is_named() {
    let mut bench = many().await;
    bench.type_keys("v").await;
    bench.sees("0  All keys  (current)");
    bench.sees(" 1,500 ");
    let Some(Dialog::Views(dialog)) = &bench.state().dialog else { panic!("no views") };
    let unused = dialog.counts.as_ref().unwrap().as_ref().unwrap()[5].unwrap();
    assert!((1..MANY).contains(&unused), "{unused}");
    bench.type_keys("5").await;
    bench.sees("API Keys Management › Unused for 90 days");
    assert_eq!(bench.state().list.total, Some(unused));
    bench.type_keys("v").await;
    bench.sees("5  Unused for 90 days  (current)");
    bench.type_keys("<Home><Enter>").await;
    bench.loses("› Unused");
    bench.sees("1,500 keys");
    bench.type_keys("f").await;
    bench.sees("API Keys Management › Active");
}

#[tokio::test]
async fn the_bars_of_the_overview_have_each_key_once_and_list_it() {
    let mut bench = many().await;
    bench.type_keys("O").await;
    bench.sees("Last used");
    let Some(Dialog::Overview(screen)) = &bench.state().dialog else { panic!("no overview") };
    let counts: Vec<u64> =
        screen.counts.as_ref().unwrap().as_ref().unwrap().iter().map(|n| n.unwrap_or_default()).collect();
    let (used, rest) = counts.split_at(5);
    let (active, owners) = rest.split_at(6);
    assert_eq!((used.iter().sum::<u64>(), owners.iter().sum::<u64>()), (MANY, MANY), "{counts:?}");
    assert!(active.iter().sum::<u64>() < MANY && active[0] > 0, "{active:?}");
    let over_90_days = used[3];
    bench.type_keys("<Down><Down><Down><Enter>").await;
    bench.sees("Filter: unused:90d -never-used");
    assert_eq!(bench.state().list.total, Some(over_90_days));
}

#[tokio::test]
async fn a_filter_narrows_as_it_is_typed_and_clears() {
    let mut bench = many().await;
    bench.type_keys("/grafana").await;
    let total = bench.state().list.total.unwrap();
    assert!(0 < total && total < MANY, "{total}");
    bench.sees("match");
    bench.type_keys("<Enter><End>").await;
    bench.sees(&format!("{total} of {total}"));
    bench.type_keys("/qqqqqq").await;
    bench.sees("No keys match “grafanaqqqqqq”");
    bench.type_keys("<Esc>").await;
    bench.sees("1,500 keys");
    // What isn't a filter says so where the keys would be.
    for (typed, title, why) in [
        (
            "unusd:90d",
            "Can't filter by “unusd:90d”",
            "There is no filter unusd: (did you mean unused:?); use owner:, by:",
        ),
        ("jo expires:<30", "Can't filter by “<30”", "Expires: use 90d (also h, w, y)"),
    ] {
        bench.type_keys(&format!("/{}", typed.replace(' ', "<Space>"))).await;
        for _ in 0..2 {
            bench.sees(title);
            bench.sees(why);
            bench.hides("No keys match");
            bench.hides("● active");
            bench.type_keys("<Enter>").await;
        }
        bench.type_keys("<Ctrl-U>graf").await;
        bench.sees("● active");
        bench.hides(title);
        bench.type_keys("<Esc>").await;
        bench.sees("1,500 keys");
    }
    bench.type_keys("f").await;
    bench.sees("Status: active");
    bench.sees("● active");
    bench.type_keys("ff").await;
    bench.sees("○ inactive");
    bench.loses("● active");
    bench.type_keys("<Esc>").await;
    bench.sees("1,500 keys");
}

#[tokio::test]
async fn the_cursor_follows_its_key_wherever_it_stands() {
    let mut bench = many().await;
    bench.type_keys("<End><PageUp>").await;
    let key = selected(&bench);
    // By label, in reverse, in a view and without it: far from the first page of each.
    for press in ["2", "S", "4", "3", "f", "<Esc>"] {
        bench.type_keys(press).await;
        assert_eq!(selected(&bench), key, "after {press}");
        bench.sees(&key);
    }
    // What is found stays where it is among its neighbors when the filter goes.
    bench.type_keys("<Home>").await;
    let label = bench.state().list.window.as_ref().unwrap().get(0).unwrap().label.raw_for_api().to_owned();
    assert_ne!(selected(&bench), key);
    bench.type_keys(&format!("/{}", key.to_lowercase())).await;
    bench.sees("1 key matches");
    bench.type_keys("<Esc>").await;
    assert_eq!(selected(&bench), key);
    bench.type_keys("<Up>").await;
    bench.type_keys("<Down>").await;
    assert_eq!(selected(&bench), key);
    // Where it was is known again from the beginning on.
    bench.type_keys("<Home>").await;
    assert_eq!(bench.state().list.window.as_ref().unwrap().get(0).unwrap().label.raw_for_api(), label);
    bench.sees("1 of 1,500");
    // A key that the list doesn't have any more is not followed.
    bench.type_keys("/grafana").await;
    bench.sees("match");
    assert_eq!(bench.state().list.selected, 0);
}

#[tokio::test]
async fn a_refresh_follows_a_key_that_has_moved_far() {
    let mut bench = many().await;
    bench.type_keys("2").await;
    bench.type_keys("<Home>").await;
    bench.type_keys("jj").await;
    let key = selected(&bench);
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("2").await;
    other.type_keys("<Home>").await;
    other.type_keys("jj").await;
    other.type_keys("e<Ctrl-U>zzzz<Enter>").await;
    other.sees("Saved.");
    bench.type_keys("r").await;
    assert_eq!(selected(&bench), key);
    bench.sees("zzzz");
    // One that was deleted meanwhile leaves the eye where it is.
    other.type_keys("d").await;
    other.type_keys(&format!("{}<Enter>", &key[key.len() - 4..])).await;
    other.sees("Deleted");
    let neighbor = bench.state().list.window.as_ref().unwrap().get(bench.state().list.selected + 1).unwrap().clone();
    bench.type_keys("r").await;
    assert_eq!(selected(&bench), neighbor.id.raw_for_api());
}

#[tokio::test]
async fn a_wide_list_shows_how_each_key_was_used() {
    let mut bench = many().await;
    let strips = |bench: &Bench| {
        let shown = bench.picture();
        shown.lines().filter(|line| line.contains("PK") && line.contains("█")).count()
    };
    assert_eq!(strips(&bench), 0);
    bench.resize((210, 30)).await;
    bench.sees("│ Details");
    bench.type_keys("<Enter>").await; // the list has the whole width then
    bench.sees("Uses, 30 days");
    assert!(strips(&bench) > 5, "{}", bench.picture());
    // Also further down, after a change, and in another order.
    bench.type_keys("<PageDown><PageDown><PageDown><PageDown>").await;
    assert!(strips(&bench) > 5, "{}", bench.picture());
    bench.type_keys("2").await;
    assert!(strips(&bench) > 5, "{}", bench.picture());
    bench.type_keys("e<Ctrl-U>new<Space>name<Enter>").await;
    bench.sees("Saved.");
    assert!(bench.state().list.selected_key().unwrap().daily_uses.is_some());
    // At any width, if it is chosen.
    bench.resize((80, 24)).await;
    bench.loses("Uses, 30 days");
    bench.type_keys("C").await;
    bench.sees("[x] Uses, 30 days");
    bench.type_keys("jj<Space>j<Space>j<Space>j<Space>jj<Space>j<Space>jj<Space><Enter>").await;
    bench.sees("Uses, 30 days");
    assert!(strips(&bench) > 5, "{}", bench.picture());
}

#[tokio::test]
async fn a_count_repeats_a_move_and_leaves_the_order_as_it_was() {
    let mut bench = many().await;
    let query = bench.state().list.query.clone();
    let mut ids = vec![selected(&bench)];
    for _ in 1..MANY {
        bench.type_keys("j").await;
        ids.push(selected(&bench));
    }
    bench.type_keys("g").await;
    let row = |bench: &Bench| ids.iter().position(|id| *id == selected(bench)).unwrap() + 1;
    for (presses, expected) in [
        ("10j", 11),
        ("12k", 1),
        ("250j", 251),       // more rows than were loaded
        ("940<Down>", 1191), // the first of them are not kept
        ("1000k", 191),
        ("20G", 20),
        ("100g", 100),
        ("10<PageDown>", 100 + 10 * bench.state().list.height),
        ("G", 1500),
        ("10j", 1500),
        ("98k", 1402),
        ("2000k", 1),
    ] {
        bench.type_keys(presses).await;
        assert_eq!((row(&bench), &bench.state().list.query), (expected, &query), "{presses}");
    }
    bench.type_keys("V21j").await;
    bench.sees("22 marked");
    bench.type_keys("Vg").await;
    // One digit sorts, and the same one again reverses: the move is one row.
    for presses in ["2j", "44j"] {
        let (before, query) = (bench.state().list.selected_key().unwrap().id.clone(), bench.state().list.query.clone());
        bench.type_keys(&presses[..presses.len() - 1]).await;
        bench.type_keys("j").await;
        let list = &bench.state().list;
        assert_ne!(list.query, query, "{presses}");
        assert_eq!(list.selected, list.window.as_ref().unwrap().find(&before).unwrap() + 1, "{presses}");
    }
}

/// A filter is in the URL of a request: what is pasted or typed there by mistake must not.
#[tokio::test]
async fn a_secret_is_no_filter() {
    let mut bench = Bench::new().await;
    let (_, secret) = bench.create("kept").await;
    let hmac = "0c".repeat(32);
    bench.type_keys("/ke").await;
    for pasted in [secret.expose(), "eyJ0eXAi.eyJzdWIi.c2ln", &hmac] {
        bench.input(crossterm::event::Event::Paste(pasted.to_owned()));
        assert!(!bench.has_asked());
        bench.sees("That looks like a secret or token");
        bench.hides(pasted);
        assert!(!format!("{:?}", bench.state()).contains(pasted));
    }
    assert_eq!(bench.state().list.query.filter.text, "ke");
    // A terminal that does not say what is pasted.
    bench.type_keys("<Ctrl-U>").await;
    bench.press(secret.expose());
    bench.settle().await;
    bench.sees("That looks like a secret or token");
    assert_eq!(bench.state().list.query.filter.text, secret.expose()[..6]);
    bench.type_keys("<Ctrl-U>kept").await;
    bench.sees("1 key matches");
}

#[tokio::test]
async fn a_refresh_keeps_the_eye_where_it_is() {
    let mut bench = many().await;
    bench.type_keys("<PageDown><PageDown><PageDown><PageDown><PageDown><PageDown><PageDown><Down>").await;
    let (id, picture) = (selected(&bench), bench.picture());
    bench.type_keys("r").await;
    assert_eq!((selected(&bench), bench.picture()), (id.clone(), picture));
    let mut other = Bench::on_same_data(&bench).await;
    other.create("newest").await;
    bench.pass(std::time::Duration::from_secs(61)).await;
    assert_eq!(selected(&bench), id);
}

/// st sends these for its wheel where no program asks for the mouse.
#[tokio::test]
async fn the_wheel_of_st_moves() {
    let mut bench = many().await;
    bench.gets(b"\x05\x05\x05\x19").await;
    bench.sees("3 of 1,500");
    bench.type_keys("?").await;
    bench.sees("Help");
    let before = bench.state().help_lines();
    bench.gets(b"\x05").await;
    assert_ne!(bench.state().help_lines(), before);
    bench.gets(b"\x19").await;
    assert_eq!(bench.state().help_lines(), before);
}

/// Whoever doesn't know the press finds the command by a word of it, and Enter does it.
#[tokio::test]
async fn a_command_is_found_in_the_help_and_done() {
    let mut bench = many().await;
    bench.type_keys("?").await;
    bench.press("deact");
    bench.sees("Deactivate or activate an access key");
    assert!(!bench.picture().contains("Create an access key"), "{}", bench.picture());
    bench.gets(b"\r").await;
    bench.sees("Deactivate access key");
    bench.type_keys("<Esc>").await;
    // One layer for each Esc; the palette of other programs has these presses.
    for open in [&b":"[..], b"\x10"] {
        bench.pass(std::time::Duration::from_secs(1)).await; // or it would be too fast for a hand
        bench.gets(open).await;
        bench.press("nowhere");
        bench.sees("No matching commands.");
        bench.gets(b"\r").await;
        bench.type_keys("<Esc>").await;
        bench.sees("Create an access key");
        bench.type_keys("<Esc>").await;
        assert!(bench.state().dialog.is_none());
    }
    bench.pass(std::time::Duration::from_secs(1)).await;
    bench.type_keys("?").await;
    bench.press("sort last");
    bench.type_keys("<Esc><Esc>").await;
    bench.type_keys("?<Down><Enter>").await;
    bench.sees("Delete access key");
}

/// By what they are called elsewhere too.
#[tokio::test]
async fn a_command_is_found_by_other_words_and_an_unknown_press_is_told_in_every_screen() {
    let mut bench = many().await;
    for (word, found) in [("extend", "Edit an access key"), ("events", "Show the trail"), ("colours", "Next theme")] {
        bench.type_keys("?").await;
        bench.sees("Create an access key");
        bench.press(word);
        bench.sees(found);
        bench.loses("Create an access key");
        bench.type_keys("<Esc><Esc>").await;
    }
    for screen in ["H", "O", "v", "C"] {
        bench.type_keys(screen).await;
        bench.type_keys("z").await;
        bench.sees("z does nothing here. ? shows the help.");
        bench.type_keys("<Esc>").await;
    }
}

#[tokio::test]
async fn while_a_range_is_open_each_digit_counts() {
    for (presses, marked) in [("gV3j", 4), ("gV11j", 12), ("gV1j", 2)] {
        let mut bench = many().await;
        let order = bench.state().list.query.sort;
        bench.type_keys(presses).await;
        bench.sees(&format!("{marked} of 1,500 marked"));
        assert_eq!(bench.state().list.query.sort, order);
    }
}
