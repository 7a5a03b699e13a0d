// Calls operations over NATS.
import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { createInbox, headers, TimeoutError } from "@nats-io/transport-node";

/** An answer that is an error. */
export class Refused extends Error {
  constructor(status, { code, message, data }) {
    super(`${status} ${code}: ${message}`);
    Object.assign(this, { status, code, data });
  }
}

/** Calls until it is answered. Under one id it happens once, however often it is sent. */
export async function call(client, subject, input = null, { requestId = randomUUID(), tries = 3, timeout = 5000 } = {}) {
  const inbox = createInbox();
  const about = headers();
  about.set("Request-Id", requestId);
  about.set("Reply-To", inbox);
  for (let tried = 1; ; tried++) {
    const answers = client.subscribe(inbox, { max: 1, timeout });
    try {
      // Resolves once the stream has it; rejects where there is no stream of this subject.
      await jetstream(client).publish(subject, JSON.stringify(input), { headers: about });
      for await (const answer of answers) return read(answer);
    } catch (error) {
      if (!(error instanceof TimeoutError) || tried === tries) throw error;
    } finally {
      answers.unsubscribe();
    }
  }
}

function read(answer) {
  const [status, told] = [Number(answer.headers.get("Status-Code")), answer.json()];
  if (status >= 400) throw new Refused(status, told);
  return told;
}
