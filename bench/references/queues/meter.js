// What each of these programs is told, and how it counts.
// node NAME.js DATABASE MODE JOBS SECONDS prints the jobs that are done in a second, counted from the first one.
export const [place, mode, jobs, seconds] = process.argv.slice(2).map((it, at) => (at > 1 ? Number(it) : it));

export class Meter {
  done = 0;
  #began = 0;
  #end;
  ended = new Promise((resolve) => (this.#end = resolve));

  // One job was done.
  job() {
    if (this.done++ === 0) {
      this.#began = performance.now();
      setTimeout(this.#end, seconds * 1000);
    }
    if (this.done === jobs) this.#end();
  }

  async print() {
    await this.ended;
    // The last ones may not have been told to the database yet: none of the contenders waits for that.
    const rate = (this.done - 1) / ((performance.now() - this.#began) / 1000);
    process.stdout.write(`${rate.toFixed(1)}\n`, () => process.exit(0));
  }
}
