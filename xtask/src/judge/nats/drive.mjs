// Drives every case of the contract by the clients of nats.io: the broker, the prefix, a person's token, a service's token.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, createInbox, headers as newHeaders } from "@nats-io/transport-node";
import { call, Refused } from "./call.mjs";

const PATIENCE = 60_000;
const [servers, prefix, token, service] = process.argv.slice(2);
const client = await connect({ servers });
const [stream, manager] = [jetstream(client), await jetstreamManager(client)];
const known = { token, service, nobody: randomUUID(), long: "x".repeat(256) };

function expect(what, holds, ...seen) {
  if (!holds) {
    console.error(`expected ${what}; saw ${JSON.stringify(seen)}`);
    process.exit(1);
  }
  console.log(`ok ${what}`);
}

const millis = (after = 0) => String(Date.now() + after);
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => known[name]);
const person = (email = `${randomUUID()}@example.com`) => ({ email, name: "Ann" });

function publish(subject, headers, body) {
  const given = newHeaders();
  for (const [name, value] of Object.entries(headers)) given.set(name, value);
  return stream.publish(`${prefix}.${subject}`, body, { headers: given, timeout: PATIENCE });
}

/** What arrives at an inbox of its own. */
class Inbox {
  constructor(subject = createInbox()) {
    this.subject = subject;
    this.all = [];
    this.subscription = client.subscribe(subject, { callback: (_, message) => this.arrived(message) });
    this.arrived = (message) => this.all.push(message);
  }

  async next(count = 1) {
    for (const begun = Date.now(); this.all.length < count; await pause(5)) {
      if (Date.now() - begun > PATIENCE) expect(`${count} answers`, false, this.all.length);
    }
    return this.all;
  }
}

async function ask(subject, headers, body = "null") {
  const inbox = new Inbox();
  const taken = await publish(subject, { "Reply-To": inbox.subject, ...headers }, body);
  const [answer] = await inbox.next();
  inbox.subscription.unsubscribe();
  const status = answer.headers.get("Status-Code");
  return { status, headers: answer.headers, text: answer.string(), told: answer.json(), taken };
}

/** Waits until every request of the queue is acknowledged: what was to be told of them has arrived. */
async function heard(queue = "jobs") {
  for (let tried = 0; tried < PATIENCE / 20; tried++) {
    if ((await manager.streams.info(`${prefix}-${queue}`)).state.messages === 0) return client.flush();
    await pause(20);
  }
  expect(`that requests on ${queue} are acknowledged`, false);
}

async function drive({ what, subject, input, text, bytes, headers, status, code, body, fields }) {
  Object.assign(known, { id: randomUUID(), past: millis(-60_000), future: millis(60_000) });
  const all = Object.entries({ "Request-Id": "{id}", ...headers }).filter(([, value]) => value !== null);
  const given = Object.fromEntries(all.map(([name, value]) => [name, filled(value)]));
  const sent = bytes ? Buffer.from(bytes, "hex") : filled(text ?? (input === undefined ? "" : JSON.stringify(input)));
  const answer = await ask(filled(subject), given, sent);
  const { told } = answer;
  const id = Object.keys(given).find((it) => /^(rbf-)?request-id$|^nats-msg-id$/i.test(it));
  const faults = told?.data?.fields?.map((it) => it.field ?? it);
  const holds = [
    answer.status === String(status) && answer.headers.get("Content-Type") === "application/json",
    answer.headers.get("Request-Id") === (id === undefined ? "" : given[id]),
    body === undefined || answer.text === body,
    code === undefined || (told.code === code && told.error === code && told.message !== ""),
    fields === undefined || JSON.stringify(faults) === JSON.stringify(fields),
  ];
  expect(what, !holds.includes(false), holds, answer);
}

async function signUp() {
  const ann = person();
  const account = await call(client, `${prefix}.jobs.users.create`, ann);
  expect("somebody who signed up", account.email === ann.email && account.name === "Ann", account);
  Object.assign(known, { user: account.id, email: ann.email });
  const refused = await call(client, `${prefix}.jobs.users.create`, { ...ann, name: "Eve" }).catch((error) => error);
  expect("a refusal as an error", refused instanceof Refused && refused.status === 409 && refused.code === "CONFLICT", refused);
}

async function repeats() {
  const [name, ann, bob] = [randomUUID(), JSON.stringify(person()), JSON.stringify(person())];
  const first = await ask("jobs.users.create", { "Request-Id": name }, ann);
  expect("that the stream says it has it", first.taken.stream === `${prefix}-jobs` && first.taken.seq > 0, first.taken);
  expect("a first answer", !first.headers.has("Idempotent-Replayed"), first);
  for (const header of ["Request-Id", "RBF-Request-Id", "Nats-Msg-Id"]) {
    const again = await ask("jobs.users.create", { [header]: name }, ann);
    const same = again.status === "200" && again.text === first.text;
    expect(`the same answer under ${header}`, same && again.headers.get("Idempotent-Replayed") === "true", again);
  }
  const other = await ask("jobs.users.create", { "Request-Id": name }, bob);
  expect("that an id is for one input", other.status === "409" && other.told.code === "REQUEST_ID_CONFLICT", other);
  const hers = await ask("jobs.users.create", { "Request-Id": name, Authorization: `Bearer ${token}` }, bob);
  expect("that an id is one caller's", hers.status === "200", hers);
  const taken = await publish("jobs.users.create", { "Nats-Msg-Id": name }, ann);
  expect("that the stream itself drops a Nats-Msg-Id that it knows", taken.duplicate, taken);
}

async function silence() {
  const [inbox, ann] = [new Inbox(), person()];
  const late = { "Request-Id": randomUUID(), "Reply-To": inbox.subject, "Expires-At": millis(-1000) };
  await publish("jobs.users.create", late, JSON.stringify(ann));
  await heard();
  expect("nothing told of what expired", inbox.all.length === 0, inbox.all);
  await call(client, `${prefix}.jobs.users.create`, ann);
  expect("that what expired did nothing", true);
  const ours = [`${prefix}.jobs.users.get.${known.user}`, `${prefix}.mainstay.tasks.events`];
  const subjects = [...ours, `$JS.API.STREAM.DELETE.${prefix}-events`];
  const told = subjects.map((it) => new Inbox(it));
  for (const replyTo of [...subjects, "a.*", ">", "a b"]) {
    for (const path of ["%zz", known.nobody]) {
      await publish(`jobs.users.get.${path}`, { "Request-Id": randomUUID(), "Reply-To": replyTo }, "");
    }
  }
  await heard();
  expect("no answer into our own subjects or the broker's", told.every((it) => it.all.length === 0), told.map((it) => it.all.length));
  const { config } = await manager.streams.info(`${prefix}-events`);
  expect("the stream that was to be deleted", config.retention === "workqueue", config);
}

async function later() {
  const inboxes = [new Inbox(), new Inbox()];
  const [name, body, target] = [randomUUID(), JSON.stringify(person()), Date.now() + 2000];
  for (const { subject } of inboxes) {
    await publish("jobs.users.create", { "Request-Id": name, "Reply-To": subject, "Target-At": String(target) }, body);
  }
  await heard();
  const told = [(await inboxes[0].next())[0], (await inboxes[1].next())[0]];
  expect("nothing before its time", Date.now() >= target);
  const statuses = told.map((it) => it.headers.get("Status-Code")).join();
  expect("an answer to each who asked", statuses === "200,200" && told[0].string() === told[1].string(), statuses);
}

async function thousand() {
  const [inbox, begun] = [new Inbox(), Date.now()];
  const names = Array.from({ length: 1000 }, () => randomUUID());
  const emailOf = (name) => `${name}@example.com`;
  await Promise.all(
    names.map((it) =>
      publish("jobs.users.create", { "Request-Id": it, "Reply-To": inbox.subject }, JSON.stringify(person(emailOf(it)))),
    ),
  );
  const told = await inbox.next(names.length);
  expect("a thousand answers", told.every((it) => it.headers.get("Status-Code") === "200"));
  const emails = new Map(told.map((it) => [it.headers.get("Request-Id"), it.json().email]));
  expect("each to its own request", names.every((it) => emails.get(it) === emailOf(it)));
  console.log(`   a thousand at once: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

await signUp();
for (const each of JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"))) await drive(each);
await repeats();
await silence();
await later();
await thousand();
await client.close();
