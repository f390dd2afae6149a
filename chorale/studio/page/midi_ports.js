/**
 * Which MIDI keyboards and synthesizers are there? Web MIDI, where the browser has it.
 *
 * A browser asks the person for permission: call `requestPorts` only when they ask for
 * MIDI.
 *
 * @typedef {object} Ports
 * @property {MIDIInput[]} inputs  connected now
 * @property {MIDIOutput[]} outputs  connected now
 * @property {((ports: Ports) => void) | null} onchange  called when a device is plugged
 *   in or pulled out
 */

/** What to say where `requestPorts` returns null. */
export const NO_MIDI =
  "This browser has no Web MIDI. Chrome, Edge, Opera and Firefox have it; Safari does not.";

/**
 * Return the MIDI inputs and outputs, null where the browser has no Web MIDI.
 *
 * @returns {Promise<Ports | null>}
 * @throws {Error} with a sentence for people if access is refused
 */
export async function requestPorts() {
  if (!navigator.requestMIDIAccess) return null;
  let access;
  try {
    access = await navigator.requestMIDIAccess({ sysex: false });
  } catch (error) {
    throw new Error(
      "The browser did not give access to MIDI devices. Allow MIDI in the settings " +
        "of this page, then ask again.",
      { cause: error },
    );
  }
  /** @type {Ports} */
  const ports = {
    get inputs() {
      return connected(access.inputs);
    },
    get outputs() {
      return connected(access.outputs);
    },
    onchange: null,
  };
  access.onstatechange = () => ports.onchange?.(ports);
  return ports;
}

/**
 * Return the ports of devices that are plugged in.
 *
 * @template {MIDIPort} Port
 * @param {Map<string, Port>} ports
 * @returns {Port[]}
 */
function connected(ports) {
  return [...ports.values()].filter((port) => port.state !== "disconnected");
}

/**
 * Listen to the keys of an input.
 *
 * @param {MIDIInput} input
 * @param {{onNoteOn: (pitch: number) => void, onNoteOff?: (pitch: number) => void}}
 *   listener
 * @returns {() => void} ends it
 */
export function listen(input, { onNoteOn, onNoteOff }) {
  /** @param {MIDIMessageEvent} event */
  const hear = ({ data }) => {
    const [status, pitch, velocity] = data ?? [];
    const kind = status & 0xf0;
    // Many keyboards end a note by striking it with velocity 0.
    if (kind === 0x90 && velocity > 0) onNoteOn(pitch);
    else if (kind === 0x80 || kind === 0x90) onNoteOff?.(pitch);
  };
  input.addEventListener("midimessage", hear);
  input.open?.();
  return () => input.removeEventListener("midimessage", hear);
}
