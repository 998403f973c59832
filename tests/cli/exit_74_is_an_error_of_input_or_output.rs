use super::support::Place;

#[test]
fn such_as_a_device_that_is_full() {
    let place = Place::new();
    place.write("a", vec![7; 100_000]);
    place
        .local(["encrypt", "-i", "a", "-o", "/dev/full", "-S"])
        .ended(74)
        .says("No space left on device");
}
