"""Pieces are heard: at once, in time, without clipping, and silent when stopped."""

from __future__ import annotations

from typing import Any

import pytest
from elements import FAKE_MIDI, open_blank, piece_of, wait_until
from playwright.sync_api import Page

MAKE_PLAYER = """async (piece) => {
  const { Player } = await import("/page/player.js");
  window.player = new Player();
  window.steps = [];
  player.addEventListener("step", (event) => steps.push(event.detail.step));
  player.setPiece(piece);
  player.warm();
}"""
LOUDEST = """() => {
  const samples = new Float32Array(2048);
  player.analyser.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}"""

CHORD = piece_of(
    voices=[
        [[74, 0, 4], [74, 4, 4], [76, 8, 56]],
        [[69, 0, 64]],
        [[66, 0, 64]],
        [[50, 0, 64]],
    ]
)


@pytest.fixture
def player(page: Page) -> Page:
    """Return a page with a player of a chord."""
    page.add_init_script(FAKE_MIDI)
    open_blank(page)
    page.evaluate(MAKE_PLAYER, CHORD)
    return page


def test_it_sounds_at_once_and_is_silent_when_stopped(player: Page) -> None:
    player.evaluate("player.play()")
    wait_until(player, f"({LOUDEST})() > 0.01")
    player.evaluate("player.stop()")
    wait_until(player, f"({LOUDEST})() < 0.0001")
    assert not player.evaluate("player.playing")


def test_the_first_notes_are_scheduled_within_fifty_milliseconds(player: Page) -> None:
    delay = player.evaluate("""() => {
      const start = OscillatorNode.prototype.start;
      const times = [];
      OscillatorNode.prototype.start = function (time) {
        times.push(time - this.context.currentTime);
        return start.call(this, time);
      };
      const begin = performance.now();
      player.play();
      OscillatorNode.prototype.start = start;
      const took = performance.now() - begin;
      return took + 1000 * Math.min(...times.filter(Number.isFinite));
    }""")
    assert 0 < delay < 50


def test_steps_follow_each_other_and_a_selection_is_repeated(player: Page) -> None:
    player.evaluate("player.tempo = 300; player.play({from: 4, to: 7, loop: true})")
    wait_until(player, "steps.length > 8")
    heard = player.evaluate("steps")[:9]
    assert heard == [4, 5, 6] * 3
    player.evaluate("player.range = {from: 4, to: 10, loop: false}")
    wait_until(player, "!player.playing")
    assert player.evaluate("player.position") == 4


def test_a_fermata_is_held_as_in_the_files(page: Page) -> None:
    open_blank(page)
    piece = piece_of(fermatas=[[4, 8]])
    seconds = page.evaluate(
        """async (piece) => {
          const { Timeline } = await import("/page/timeline.js");
          const timeline = new Timeline(piece);
          return [timeline.seconds(0, 4, 120), timeline.seconds(4, 8, 120)];
        }""",
        piece,
    )
    assert seconds == pytest.approx([0.5, 0.5 / 0.6])


@pytest.mark.parametrize("instrument", ["choir", "organ", "strings", "harpsichord"])
def test_four_voices_do_not_clip(page: Page, instrument: str) -> None:
    open_blank(page)
    loudest = page.evaluate(
        """async (instrument) => {
          const { Synthesizer } = await import("/page/synthesizer.js");
          const context = new OfflineAudioContext(2, 44100, 44100);
          const synthesizer = new Synthesizer(context);
          synthesizer.instrument = instrument;
          [79, 74, 67, 60].forEach((pitch, voice) =>
            synthesizer.noteOn(voice, pitch, 0.05));
          synthesizer.click(0.5, true);
          const sound = await context.startRendering();
          return Math.max(...[0, 1].map((side) =>
            sound.getChannelData(side).reduce(
              (most, sample) => Math.max(most, Math.abs(sample)), 0)));
        }""",
        instrument,
    )
    assert 0.1 < loudest < 0.93


def test_a_midi_output_plays_a_channel_a_voice_and_ends_all(player: Page) -> None:
    player.evaluate("player.output = midiOutput; player.play()")
    wait_until(player, "steps.includes(5)")
    player.evaluate("player.stop()")
    sent: list[tuple[list[int], float]] = player.evaluate("sent")
    begun = [data[:2] for data, _ in sent if data[0] >> 4 == 9]
    assert begun[:4] == [[0x90, 74], [0x91, 69], [0x92, 66], [0x93, 50]]
    # A repeated note is struck again, a held one is not.
    assert begun.count([0x90, 74]) == 2
    assert begun.count([0x91, 69]) == 1
    last = max(time for data, time in sent if data[0] >> 4 == 9)
    ends: list[Any] = [
        data[0] & 15 for data, time in sent if data[1] == 123 and time >= last
    ]
    assert set(ends) == {0, 1, 2, 3}


def test_a_muted_voice_and_those_that_are_not_solo_are_silent(player: Page) -> None:
    player.evaluate("[0, 1, 2, 3].forEach((voice) => player.mute(voice, true))")
    player.wait_for_timeout(300)  # until the volumes have fallen
    player.evaluate("player.play()")
    wait_until(player, "steps.includes(3)")
    assert player.evaluate(f"({LOUDEST})()") < 0.001
    player.evaluate("player.mute(1, false); player.solo(2, true)")
    player.wait_for_timeout(300)
    assert player.evaluate(f"({LOUDEST})()") < 0.001
    player.evaluate("player.solo(2, false)")
    wait_until(player, f"({LOUDEST})() > 0.005")


def test_an_unknown_instrument_is_refused(player: Page) -> None:
    message = player.evaluate(
        "() => { try { player.instrument = 'kazoo' } catch (error) "
        "{ return error.message } }"
    )
    assert "choir" in message and "kazoo" in message


# A schedule whose clock and instruments are the test's: `events` are what it handed on,
# each a kind, what, and the time in seconds.
MAKE_SCHEDULE = """async (piece) => {
  const { Schedule } = await import("/page/schedule.js");
  const { Timeline } = await import("/page/timeline.js");
  window.schedule = new Schedule();
  schedule.timeline = new Timeline(piece);
  schedule.tempo = 120;
  schedule.range = { from: 0, to: piece.steps, loop: false };
  window.events = [];
  const round = (time) => Math.round(time * 1e6) / 1e6;
  const keep = (kind, what, time) => events.push([kind, what, round(time)]);
  const instruments = {
    noteOn: (voice, pitch, time) => { keep("on", pitch, time); return pitch; },
    noteOff: (pitch, time) => keep("off", pitch, time),
    click: (time, accent) => keep("click", accent, time),
  };
  let now = 0;
  window.run = (until) => {
    for (; now < until; now += 0.025) {
      schedule.look(now, Math.min(now + 0.15, until), instruments);
    }
  };
}"""


def scheduled(page: Page, kind: str) -> list[list[Any]]:
    """Return what was scheduled of a kind: what, and when."""
    events: list[list[Any]] = page.evaluate("events")
    return [event[1:] for event in events if event[0] == kind]


def test_a_loop_goes_on_without_a_gap(page: Page) -> None:
    open_blank(page)
    lines = [[[74, 0, 4], [76, 4, 2], [78, 6, 2]], [], [], []]
    page.evaluate(MAKE_SCHEDULE, piece_of(voices=lines))
    page.evaluate("schedule.range = {from: 4, to: 8, loop: true}")
    page.evaluate("schedule.begin(4, 0); run(1.4)")
    expected = [[pitch, 0.25 * beat] for beat, pitch in enumerate([76, 78] * 3)]
    assert scheduled(page, "on") == expected
    # Every note ends where the next begins.
    ends = [[pitch, time + 0.25] for pitch, time in expected]
    assert scheduled(page, "off") == ends[:-1]


def test_the_tempo_changes_at_the_next_step(page: Page) -> None:
    open_blank(page)
    lines = [[[60 + beat, 4 * beat, 4] for beat in range(6)], [], [], []]
    page.evaluate(MAKE_SCHEDULE, piece_of(voices=lines))
    page.evaluate("schedule.begin(0, 0); run(1.0); schedule.tempo = 60; run(4.5)")
    times = [time for _, time in scheduled(page, "on")]
    assert times == [0, 0.5, 1.0, 2.0, 3.0, 4.0]


def test_the_metronome_beats_while_it_is_on(page: Page) -> None:
    open_blank(page)
    piece = piece_of(2, pickup=4)
    page.evaluate(MAKE_SCHEDULE, piece)
    page.evaluate(
        "schedule.begin(0, 0); run(0.4); schedule.metronome = true; run(2.9);"
        "schedule.metronome = false; run(4)"
    )
    # After the pickup's beat: the bar, its three other beats, and the next bar.
    beats = [[True, 0.5], *([False, 0.5 * beat] for beat in (2, 3, 4)), [True, 2.5]]
    assert scheduled(page, "click") == beats


def test_metronome_and_tempo_of_the_player_change_while_it_plays(player: Page) -> None:
    player.evaluate("player.output = midiOutput; player.play()")
    wait_until(player, "steps.includes(1)")
    woodblocks = "sent.filter(([data]) => data[0] === 0x99).length"
    assert player.evaluate(woodblocks) == 0
    player.evaluate("player.metronome = true; player.tempo = 1000")
    assert player.evaluate("player.tempo") == 400
    wait_until(player, f"{woodblocks} > 2")
    player.evaluate("player.tempo = NaN; player.tempo = 1")
    assert player.evaluate("player.tempo") == 10
