// BullMQ: one job at a time, as it comes, and a hundred.
import { Queue, Worker } from "bullmq";
import { Meter, jobs, mode, place } from "./meter.js";

const connection = { port: Number(place), maxRetriesPerRequest: null };
const queue = new Queue("nothing", { connection });
for (let left = jobs; left > 0; left -= 1000) {
  await queue.addBulk(Array.from({ length: Math.min(left, 1000) }, () => ({ name: "nothing", data: {} })));
}

const meter = new Meter();
new Worker("nothing", async () => meter.job(), { connection, concurrency: mode === "tuned" ? 100 : 1 });
await meter.print();
