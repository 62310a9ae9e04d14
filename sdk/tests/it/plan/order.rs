//! The order of operations, and how many run at once.

use std::future::IntoFuture;

use devopsflow::{Options, Result, Scope};

use crate::lab::{Lab, add};
use crate::world::Thing;

fn many(scope: &mut Scope) -> Result<()> {
    for number in 0..40 {
        Thing::new(format!("t{number}"), format!("t{number}")).add(scope)?;
    }
    Ok(())
}

#[tokio::test]
async fn no_more_run_at_once_than_allowed_and_as_many_as_can() {
    for parallel in [1, 3, 16] {
        let lab = Lab::default();
        let stack = lab.stack(many);
        for run in [stack.up(), stack.destroy()] {
            // None ends before as many run as may.
            lab.world.inner().gather_at(parallel);
            let done = tokio::time::timeout(std::time::Duration::from_mins(1), run.parallel(parallel).into_future());
            assert_eq!(done.await.expect("as many run as may").unwrap().counts.failed, 0);
            assert_eq!(lab.world.inner().most, parallel);
        }
    }
}

/// Four in a row, by what they hold and by what they say that they depend on.
fn row(scope: &mut Scope) -> Result<()> {
    let first = Thing::new("first", "first").add(scope)?;
    let second = Thing::new("second", "second").text(&first.url).add(scope)?;
    let third = Thing::new("third", "third").with(Options::new().depends_on(&second)).add(scope)?;
    Thing::new("fourth", "fourth").labels([("of", third.url)]).add(scope)?;
    Ok(())
}

#[tokio::test]
async fn removals_go_the_other_way_whether_the_program_knows_them_or_not() {
    let made = ["create first", "create second", "create third", "create fourth"];
    let removed = ["delete fourth", "delete third", "delete second", "delete first"];
    let lab = Lab::default();
    assert_eq!(lab.up(row).await, made);
    lab.stack(row).destroy().await.unwrap();
    assert_eq!(lab.world.log(), removed);
    assert_eq!(lab.up(row).await, made);
    assert_eq!(lab.up(|_| Ok(())).await, removed);
    assert_eq!(lab.up(row).await, made);
    lab.stack(|_| Err("broken".into())).destroy().await.unwrap();
    assert_eq!(lab.world.log(), removed);
}

#[tokio::test]
async fn what_moves_to_another_order_is_removed_by_the_recorded_one() {
    let lab = Lab::default();
    lab.up(row).await;
    // `second` is gone; `third` held to it and is changed first.
    let shorter = |scope: &mut Scope| {
        let first = Thing::new("first", "first").add(scope)?;
        let third = Thing::new("third", "third").with(Options::new().depends_on(&first)).add(scope)?;
        add(scope, Thing::new("fourth", "fourth").labels([("of", third.url)]))
    };
    assert_eq!(lab.up(shorter).await, ["delete second"]);
    lab.stack(shorter).destroy().await.unwrap();
    assert_eq!(lab.world.log(), ["delete fourth", "delete third", "delete first"]);
}
