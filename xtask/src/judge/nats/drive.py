"""Drives every case of the contract by nats-py: the broker, the prefix, a person's token, a service's token."""

import asyncio
import json
import re
import sys
import time
import uuid
from pathlib import Path

import nats
from call import Refused, call

PATIENCE = 60
CASES = json.loads((Path(__file__).parent / "cases.json").read_text())


def expect(what, holds, *seen):
    if not holds:
        raise SystemExit(f"expected {what}; saw {seen}")
    print(f"ok {what}", flush=True)


def millis(seconds=0.0):
    return str(int((time.time() + seconds) * 1000))


def fresh():
    return uuid.uuid4().hex


class Driver:
    def __init__(self, client, prefix, token, service):
        self.client, self.stream, self.prefix = client, client.jetstream(), prefix
        self.known = {"token": token, "service": service, "nobody": str(uuid.uuid4()), "long": "x" * 256}

    async def publish(self, subject, headers, body):
        return await self.stream.publish(f"{self.prefix}.{subject}", body, headers=headers, timeout=PATIENCE)

    async def ask(self, subject, headers, body=b"null"):
        """The answer, and what the stream said of the request."""
        inbox = self.client.new_inbox()
        answers = await self.client.subscribe(inbox)
        taken = await self.publish(subject, {"Reply-To": inbox, **headers}, body)
        answer = await answers.next_msg(PATIENCE)
        await answers.unsubscribe()
        return answer, taken

    async def heard(self, queue="jobs"):
        """Waits until every request of the queue is acknowledged: what was to be told of them has arrived."""
        for _ in range(PATIENCE * 50):
            if (await self.stream.stream_info(f"{self.prefix}-{queue}")).state.messages == 0:
                return await self.client.flush()
            await asyncio.sleep(0.02)
        raise SystemExit(f"requests on {queue} are not acknowledged")

    def filled(self, text):
        return re.sub(r"\{(\w+)\}", lambda it: self.known[it[1]], text)

    async def case(self, case):
        self.known |= {"id": fresh(), "past": millis(-60), "future": millis(60)}
        headers = {"Request-Id": self.known["id"], **case.get("headers", {})}
        headers = {name: self.filled(value) for name, value in headers.items() if value is not None}
        body = self.filled(case.get("text", json.dumps(case["input"]) if "input" in case else "")).encode()
        answer, _ = await self.ask(self.filled(case["subject"]), headers, bytes.fromhex(case.get("bytes", "")) or body)
        told, given = json.loads(answer.data), answer.headers
        holds = given["Status-Code"] == str(case["status"]) and given["Content-Type"] == "application/json"
        ids = [headers[it] for it in headers if it.lower() in ("request-id", "rbf-request-id", "nats-msg-id")]
        holds = holds and given.get("Request-Id") == next(iter(ids), None)
        if "body" in case:
            holds = holds and answer.data.decode() == case["body"]
        if "code" in case:
            holds = holds and told["code"] == told["error"] == case["code"] and told["message"] != ""
        if "fields" in case:
            fields = [it if isinstance(it, str) else it["field"] for it in told["data"]["fields"]]
            holds = holds and fields == case["fields"]
        expect(case["what"], holds, given, answer.data)

    async def sign_up(self):
        email = f"{fresh()}@example.com"
        account = await call(self.client, f"{self.prefix}.jobs.users.create", {"email": email, "name": "Ann"})
        expect("somebody who signed up", account["email"] == email and account["name"] == "Ann", account)
        self.known |= {"user": account["id"], "email": email}
        try:
            await call(self.client, f"{self.prefix}.jobs.users.create", {"email": email, "name": "Eve"})
        except Refused as refused:
            expect("a refusal as an error", (refused.status, refused.code) == (409, "CONFLICT"), refused)
        else:
            expect("a refusal as an error", False)

    async def repeats(self):
        name, inputs = fresh(), [{"email": f"{fresh()}@example.com", "name": "Ann"} for _ in range(2)]
        bodies = [json.dumps(it).encode() for it in inputs]
        first, taken = await self.ask("jobs.users.create", {"Request-Id": name}, bodies[0])
        expect("that the stream says it has it", taken.stream == f"{self.prefix}-jobs" and taken.seq > 0, taken)
        expect("a first answer", "Idempotent-Replayed" not in first.headers, first.headers)
        for header in ["Request-Id", "RBF-Request-Id", "Nats-Msg-Id"]:
            again, _ = await self.ask("jobs.users.create", {header: name}, bodies[0])
            same = again.data == first.data and again.headers["Status-Code"] == "200"
            expect(f"the same answer under {header}", same and again.headers["Idempotent-Replayed"] == "true", again)
        other, _ = await self.ask("jobs.users.create", {"Request-Id": name}, bodies[1])
        told = (other.headers["Status-Code"], json.loads(other.data)["code"])
        expect("that an id is for one input", told == ("409", "REQUEST_ID_CONFLICT"), told)
        hers = {"Request-Id": name, "Authorization": f"Bearer {self.known['token']}"}
        other, _ = await self.ask("jobs.users.create", hers, bodies[1])
        expect("that an id is one caller's", other.headers["Status-Code"] == "200", other)
        taken = await self.publish("jobs.users.create", {"Nats-Msg-Id": name}, bodies[0])
        expect("that the stream itself drops a Nats-Msg-Id that it knows", taken.duplicate, taken)

    async def later(self):
        inboxes = [self.client.new_inbox() for _ in range(2)]
        answers = [await self.client.subscribe(it) for it in inboxes]
        body = json.dumps({"email": f"{fresh()}@example.com", "name": "Ann"}).encode()
        name, target = fresh(), time.time() + 2
        for inbox in inboxes:
            headers = {"Request-Id": name, "Reply-To": inbox, "Target-At": str(int(target * 1000))}
            await self.publish("jobs.users.create", headers, body)
        await self.heard()
        told = [await it.next_msg(PATIENCE) for it in answers]
        expect("nothing before its time", time.time() >= target)
        statuses = [it.headers["Status-Code"] for it in told]
        expect("an answer to each who asked", statuses == ["200", "200"] and told[0].data == told[1].data, told)

    async def silence(self):
        inbox, email = self.client.new_inbox(), f"{fresh()}@example.com"
        answers = await self.client.subscribe(inbox)
        body = json.dumps({"email": email, "name": "Ann"}).encode()
        await self.publish("jobs.users.create", {"Request-Id": fresh(), "Reply-To": inbox, "Expires-At": millis(-1)}, body)
        await self.heard()
        expect("nothing told of what expired", answers.pending_msgs == 0)
        await call(self.client, f"{self.prefix}.jobs.users.create", {"email": email, "name": "Ann"})
        expect("that what expired did nothing", True)
        ours = f"{self.prefix}.jobs.users.get.{self.known['user']}"
        tasks = f"{self.prefix}.mainstay.tasks.events"
        delete = f"$JS.API.STREAM.DELETE.{self.prefix}-events"
        told = [await self.client.subscribe(it) for it in [ours, tasks, delete]]
        for reply_to in [ours, tasks, delete, "a.*", ">", "a b"]:
            await self.publish("jobs.users.get.%zz", {"Request-Id": fresh(), "Reply-To": reply_to}, b"")
            await self.publish(f"jobs.users.get.{self.known['nobody']}", {"Request-Id": fresh(), "Reply-To": reply_to}, b"")
        await self.heard()
        expect("no answer into our own subjects or the broker's", [it.pending_msgs for it in told] == [0, 0, 0])
        info = await self.stream.stream_info(f"{self.prefix}-events")
        expect("the stream that was to be deleted", info.config.name.endswith("-events"))

    async def thousand(self):
        inbox, begun = self.client.new_inbox(), time.time()
        answers = await self.client.subscribe(inbox)
        names = {fresh() for _ in range(1000)}

        async def one(name):
            body = json.dumps({"email": f"{name}@example.com", "name": "Ann"}).encode()
            await self.publish("jobs.users.create", {"Request-Id": name, "Reply-To": inbox}, body)

        await asyncio.gather(*(one(it) for it in names))
        told = [await answers.next_msg(PATIENCE) for _ in names]
        expect("a thousand answers", {it.headers["Status-Code"] for it in told} == {"200"})
        emails = {it.headers["Request-Id"]: json.loads(it.data)["email"] for it in told}
        expect("each to its own request", emails == {it: f"{it}@example.com" for it in names})
        print(f"   a thousand at once: {time.time() - begun:.1f} s")


async def main(url, *given):
    client = await nats.connect(url)
    driver = Driver(client, *given)
    await driver.sign_up()
    for case in CASES:
        await driver.case(case)
    await driver.repeats()
    await driver.silence()
    await driver.later()
    await driver.thousand()
    await client.close()


asyncio.run(main(*sys.argv[1:]))
