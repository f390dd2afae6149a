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
