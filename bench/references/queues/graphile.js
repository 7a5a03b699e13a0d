// graphile-worker: as it comes, and as its page on performance says.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Meter, jobs, mode, place } from "./meter.js";

const utils = await makeWorkerUtils({ connectionString: place });
await utils.migrate();
await utils.withPgClient((client) =>
  client.query("SELECT graphile_worker.add_job('nothing', '{}'::json) FROM generate_series(1, $1::int)", [jobs]),
);
await utils.release();

const meter = new Meter();
const tuned = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
await run({
  preset: { worker: { connectionString: place, ...(mode === "tuned" ? tuned : {}) } },
  // It writes a line for each job otherwise, which costs it more than the job.
  logger: new Logger(() => () => {}),
  noHandleSignals: true,
  taskList: { nothing: async () => meter.job() },
});
await meter.print();
