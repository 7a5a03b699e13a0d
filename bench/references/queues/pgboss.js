// pg-boss: as it comes, and with batches.
import { PgBoss } from "pg-boss";
import { Meter, jobs, mode, place } from "./meter.js";

const boss = new PgBoss({ connectionString: place, supervise: false, schedule: false });
boss.on("error", () => {});
await boss.start();
await boss.createQueue("nothing");
for (let left = jobs; left > 0; left -= 1000) {
  await boss.insert("nothing", Array.from({ length: Math.min(left, 1000) }, () => ({ data: {} })));
}

const meter = new Meter();
const tuned = { batchSize: 1000, pollingIntervalSeconds: 0.5 };
await boss.work("nothing", mode === "tuned" ? tuned : {}, async (batch) => {
  batch.forEach(() => meter.job());
});
await meter.print();
