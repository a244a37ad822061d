/**
 * The script of a database worker, as text, so that sources, tests and the package need no path to a file. Its worker data
 * is `pglite`, `location` and `template`. It posts a message once the database is open, and then answers each request by ID. Requests of
 * a transaction carry its number. A ping has no ID. An uncaught error ends the worker.
 */
export const workerScript = `
const { parentPort, workerData } = require('node:worker_threads');

async function serve() {
  const { PGlite, parse, protocol } = await import(workerData.pglite);
  const { serialize } = protocol;
  const startParams = [
    ...PGlite.defaultStartParams,
    // Segments of the log beyond this are removed at a checkpoint, and not kept for reuse.
    ...['-c', 'max_wal_size=128MB'],
    // The relay reads by keys. A plan that was made while a table was empty would read all of it later. Its cost, raised by
    // that, would have every statement planned anew.
    ...['-c', 'enable_seqscan=off', '-c', 'plan_cache_mode=force_generic_plan'],
  ];
  const { location, template } = workerData;
  const database = await PGlite.create(location, {
    startParams,
    ...(template && { loadDataDir: new Blob([template]) }),
  });
  const transactions = new Map();
  // By text, because planning a statement takes longer than running it. The texts are those in the code, in each app's schema.
  const prepared = new Map();
  const mostPrepared = 1_000;
  let names = 0;
  let last = Promise.resolve();

  // PGlite's messages know no transactions, so each of these, and each statement outside of one, waits for the one before.
  function alone(run) {
    const running = last.then(run);
    last = running.catch(() => {});
    return running;
  }

  async function send(...messages) {
    return (await database.execProtocol(Buffer.concat([...messages, serialize.sync()]))).messages;
  }

  async function prepare(sql) {
    if (prepared.size === mostPrepared) {
      await database.execProtocol(serialize.query('deallocate all'));
      prepared.clear();
    }
    const name = 'maia_' + names++;
    const answers = await send(serialize.parse({ name, text: sql }), serialize.describe({ type: 'S', name }));
    const statement = { name, types: parse.parseDescribeStatementResults(answers) };
    prepared.set(sql, statement);
    return statement;
  }

  function run(sql, parameters) {
    return database.runExclusive(async () => {
      const { name, types } = prepared.get(sql) ?? (await prepare(sql));
      const values = parameters.map((value, at) => value == null ? null : (database.serializers[types[at]] ?? String)(value));
      const answers = await send(
        serialize.bind({ statement: name, values }),
        serialize.describe({ type: 'P' }),
        serialize.execute({}),
      );
      return parse.parseResults(answers, database.parsers)[0].rows;
    });
  }

  function begin(number) {
    let end;
    const ended = new Promise((commit, rollBack) => (end = { commit, rollBack }));
    let done;
    const begun = new Promise((resolve, reject) => {
      done = alone(() => database.transaction((transaction) => (resolve(transaction), ended)));
      done.catch(reject);
    });
    // Queries and the end of the transaction report these rejections.
    for (const promise of [begun, ended]) promise.catch(() => {});
    transactions.set(number, { begun, done, end });
  }

  async function query({ transaction, sql, parameters }) {
    const runIn = async (target) =>
      parameters.length > 0 ? run(sql, parameters) : (await target.query(sql)).rows;
    if (transaction === undefined) return alone(() => runIn(database));
    return runIn(await transactions.get(transaction).begun);
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
      case 'ping': return;
    }
  }

  parentPort.on('message', async (request) => {
    try {
      parentPort.postMessage({ id: request.id, result: await answer(request) });
    } catch (error) {
      // PGlite itself has failed, so its memory cannot be trusted. A full disk leads to internal errors (XX000).
      if (error instanceof WebAssembly.RuntimeError || error.code === 'XX000') throw error;
      const { message, stack, code } = error;
      parentPort.postMessage({ id: request.id, error: { message, stack, code } });
    }
  });
  parentPort.postMessage({ id: 0 });
}

serve();
`;
