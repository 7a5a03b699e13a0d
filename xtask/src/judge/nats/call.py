"""Calls operations over NATS."""

import json
import uuid

import nats.errors


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status, told):
        super().__init__(f"{status} {told['code']}: {told['message']}")
        self.status, self.code, self.data = status, told["code"], told.get("data")


async def call(client, subject, input=None, request_id=None, headers={}, tries=3, patience=5):
    """Calls until it is answered. Under one id it happens once, however often it is sent."""
    inbox = client.new_inbox()
    answers = await client.subscribe(inbox)
    headers = {**headers, "Request-Id": request_id or str(uuid.uuid4()), "Reply-To": inbox}
    body = json.dumps(input).encode()
    try:
        for _ in range(tries):
            try:
                # Returns once the stream has it; raises where there is no stream of this subject.
                await client.jetstream().publish(subject, body, headers=headers)
                return read(await answers.next_msg(patience))
            except nats.errors.TimeoutError:
                continue
        raise nats.errors.TimeoutError
    finally:
        await answers.unsubscribe()


def read(answer):
    status, told = int(answer.headers["Status-Code"]), json.loads(answer.data)
    if status >= 400:
        raise Refused(status, told)
    return told
