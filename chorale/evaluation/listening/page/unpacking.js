// What is in the page? Pieces and answers are packed, so that no glance at the file
// shows which is which.

/**
 * Return what `packed` in `chorale.evaluation.listening.packing` has packed.
 *
 * @param {string} text  base64 of deflated JSON
 * @returns {Promise<any>}
 */
export async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const inflating = new DecompressionStream("deflate");
  return new Response(new Blob([bytes]).stream().pipeThrough(inflating)).json();
}

/** Return the JSON in an element of the page. @param {string} id */
export function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
