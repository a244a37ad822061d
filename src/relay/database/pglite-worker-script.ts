/**
 * The script of a database worker, as text, so that sources, tests and the package need no path to a file. Its worker data
 * is `pglite` and `location`. It posts a message once the database is open, and then answers each request by ID. Requests of
 * a transaction carry its number. An uncaught error ends the worker.
 */
export const workerScript = `
const { parentPort, workerData } = require('node:worker_threads');

async function serve() {
  const { PGlite } = await import(workerData.pglite);
  const database = await PGlite.create(workerData.location);
  const transactions = new Map();

  function begin(number) {
    let end;
    const ended = new Promise((commit, rollBack) => (end = { commit, rollBack }));
    let done;
    const begun = new Promise((resolve, reject) => {
      done = database.transaction((transaction) => (resolve(transaction), ended));
      done.catch(reject);
    });
    // Queries and the end of the transaction report these rejections.
    for (const promise of [begun, ended]) promise.catch(() => {});
    transactions.set(number, { begun, done, end });
  }

  async function query({ transaction, sql, parameters }) {
    const target = transaction === undefined ? database : await transactions.get(transaction).begun;
    return (await target.query(sql, parameters)).rows;
  }

  async function end({ transaction, commits }) {
    const { done, end } = transactions.get(transaction);
    transactions.delete(transaction);
    if (commits) {
      end.commit();
      return done;
    }
    const reason = new Error('The transaction was rolled back.');
    end.rollBack(reason);
    return done.catch((error) => {
      if (error !== reason) throw error;
    });
  }

  function answer(request) {
    switch (request.kind) {
      case 'begin': return begin(request.transaction);
      case 'query': return query(request);
      case 'end': return end(request);
      case 'close': return database.close();
    }
  }

  parentPort.on('message', async (request) => {
    try {
      parentPort.postMessage({ id: request.id, result: await answer(request) });
    } catch (error) {
      // PGlite itself has crashed, so its memory cannot be trusted.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      const { message, stack, code } = error;
      parentPort.postMessage({ id: request.id, error: { message, stack, code } });
    }
  });
  parentPort.postMessage({ id: 0 });
}

serve();
`;
