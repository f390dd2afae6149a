// What does this person prefer: theme, size of the score, sliders? Kept in the browser.

const KEY = "chorale-studio-settings-1";
const DEFAULTS = {
  theme: "system", staves: 2, zoom: 100, numerals: false, colours: true, follow: true,
  action: "generate", seed: "1", temperature: 5, rules: 1, model: "bach", variations: 1,
  bestOf: 2, opening: 2, distance: 40, topP: 0.96, guidance: 2, critic: 2, particles: null, fresh: true,
  metronome: false, loop: false, instrument: "organ",
  volumes: [1, 1, 1, 1], commandLine: "",
};

function load() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return { ...DEFAULTS };
  }
}

/** @type {typeof DEFAULTS} read it as you like; change it by `prefer` */
export const settings = load();

/** @param {Partial<typeof DEFAULTS>} changes to keep */
export function prefer(changes) {
  Object.assign(settings, changes);
  try {
    // What another tab has chosen stays.
    localStorage.setItem(KEY, JSON.stringify({ ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY)), ...changes }));
  } catch {
    // Without storage they last as long as the page.
  }
}
