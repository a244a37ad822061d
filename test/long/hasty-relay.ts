import { systemClock, type Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { openStorageDirectory } from '../../src/relay/database/storage-directory.ts';
import { createRelayOn } from '../../src/relay/relay.ts';

// A relay on PGlite that takes a directory over from a silent relay after half a second, not 30. Its options are those of
// `maia-relay`, of which it knows only the storage.
const storage = process.argv.at(-1)?.replace('--storage=', '') ?? '';
const hurried: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 60, run) };

const relay = await createRelayOn(
  () => openStorageDirectory(storage.replace('pglite:', ''), silentLogger, {}, hurried),
  { port: 0, storage },
);
void relay.failed.then((error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(`answers on ${relay.url}`);
