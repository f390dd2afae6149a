// How does the page ask the server, follow a job, and notice that the server is gone?

const PING = 1500; // milliseconds between questions to a server that is gone

/** An answer that says what went wrong, in a sentence for people. */
export class ServerError extends Error {
  /** @param {string} message @param {number} status of HTTP; 0: no answer */
  constructor(message, status) {
    super(message);
    this.name = "ServerError";
    this.status = status;
  }
}

class Connection extends EventTarget {
  isGone = false;

  /** Notes that the server does not answer, and asks until it does. */
  lost() {
    if (this.isGone) return;
    this.isGone = true;
    this.dispatchEvent(new Event("gone"));
    const ask = async () => {
      try {
        const answer = await fetch("/page/icon.svg", { method: "HEAD", cache: "no-store" });
        // A server that was started again with a token of its own answers, if not to us.
        if (!answer.ok && answer.status !== 401) throw new Error(String(answer.status));
        this.isGone = false;
        this.dispatchEvent(new Event("back"));
      } catch {
        setTimeout(ask, PING);
      }
    };
    setTimeout(ask, PING);
  }
}

/** Events `gone` and `back`. */
export const connection = new Connection();

async function answerOf(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    connection.lost();
    throw new ServerError("The studio’s server does not answer. Your piece is kept in this browser.", 0);
  }
  if (answer.ok) return answer;
  const text = await answer.text().catch(() => "");
  let message;
  try {
    message = JSON.parse(text).error;
  } catch {
    // An answer of something else than the studio.
  }
  throw new ServerError(message || `The server answered ${answer.status} to ${path}.`, answer.status);
}

/**
 * Asks the server for JSON, or for a file.
 * @param {string} path such as "/engrave"
 * @param {unknown} [body] posted as JSON; a GET without it
 * @param {{signal?: AbortSignal, method?: string, as?: "json"|"response"}} [options]
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function request(path, body, { signal, method, as = "json" } = {}) {
  const options = { signal, method: method ?? (body === undefined ? "GET" : "POST") };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const answer = await answerOf(path, options);
  return as === "response" ? answer : answer.json();
}

/**
 * Sends a file to be read.
 * @param {File} file
 * @returns {Promise<{piece: import("./piece.js").Piece, kind: string, voice: number|null, remarks: string[], key_estimated: boolean}>}
 */
export async function openFile(file) {
  const query = new URLSearchParams({ name: file.name });
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await answerOf(`/open?${query}`, { method: "POST", body: file, headers });
  return answer.json();
}

/**
 * Runs a job to its end: by server-sent events, by questions where these break off.
 * @param {object} job
 * @param {{onQueued?: (position: number) => void, onProgress?: (done: number, total: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the result
 * @throws {ServerError} that it failed; an AbortError after the signal
 */
export async function runJob(job, { onQueued, onProgress, signal } = {}) {
  const { id, position } = await request("/jobs", job);
  const cancel = () => {
    // A tab that is closed waits for nobody, so the request has to outlive it.
    fetch(`/jobs/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
  };
  if (signal?.aborted) {
    cancel();
    throw new DOMException("cancelled", "AbortError");
  }
  onQueued?.(position);
  return new Promise((resolve, reject) => {
    const source = new EventSource(`/jobs/${id}/events`);
    let isOver = false;
    let failures = 0;
    const end = (finish, value) => {
      if (isOver) return;
      isOver = true;
      source.close();
      window.removeEventListener("pagehide", cancel);
      finish(value);
    };
    const hear = (status) => {
      if (status.state === "done") end(resolve, status.result);
      else if (status.state === "failed") end(reject, new ServerError(status.message || "The job failed.", 500));
      else if (status.state === "cancelled") end(reject, new DOMException("cancelled", "AbortError"));
      else if (status.state === "queued") onQueued?.(status.position);
      else onProgress?.(status.done, status.total);
    };
    for (const name of ["queued", "progress", "done", "failed", "cancelled"]) {
      source.addEventListener(name, (event) => hear(JSON.parse(event.data)));
    }
    const poll = async () => {
      while (!isOver) {
        try {
          hear(await request(`/jobs/${id}`));
          failures = 0;
        } catch (error) {
          failures += 1;
          if (error.status === 404) {
            end(reject, new ServerError("The server was restarted and the job is lost. Please start it again.", 404));
          } else if (error.status || failures > 40) end(reject, error);
        }
        await new Promise((wait) => { setTimeout(wait, 500); });
      }
    };
    source.addEventListener("error", () => {
      source.close();
      if (!isOver) poll();
    }, { once: true });
    window.addEventListener("pagehide", cancel);
    signal?.addEventListener("abort", () => {
      cancel();
      end(reject, new DOMException("cancelled", "AbortError"));
    }, { once: true });
  });
}

/** @type {Promise<any>|null} */
let catalogue = null;
connection.addEventListener("gone", () => { catalogue = null; }); // another server may come

/** Models, openings, keys and limits; asked for once. @returns {Promise<any>} */
export function getCatalogue() {
  catalogue ??= request("/catalogue").catch((error) => {
    catalogue = null;
    throw error;
  });
  return catalogue;
}
