import { beforeEach } from 'vitest';

/** cojson's tests that check details of cojson's storage beyond StorageAPI. */
const reasonsByTest: Readonly<Record<string, string>> = {
  'should return known state for existing coValue ID':
    'It wants the same empty object at each call. Ours remembers nothing of what it does not have.',
  'should log an error when the correction callback returns undefined':
    "It reads cojson's log. Ours has its own, and acknowledges nothing of it (src/relay/storage/storing.test.ts).",
  'should log an error when the correction callback returns an invalid content message':
    "It reads cojson's log. Ours has its own, and acknowledges nothing of it (src/relay/storage/storing.test.ts).",
  'should handle invalid assumption when pushing multiple transactions on different coValues with correction':
    'It counts corrections. Ours stores in batches, and asks for one for each message of a batch that lacks something.',
  'should handle close while pushing multiple transactions on different coValues with an invalid assumption':
    'It counts corrections. Ours stores in batches, and asks for one for each message of a batch that lacks something.',
  'load interrupts eraseAllDeletedCoValues mid-run (resolves early, leaves some queued)':
    "It holds up a transaction inside cojson's own database client, and needs Node 22.",
  'should deduplicate concurrent requests for the same ID': "It empties and counts cojson's own cache.",
  'should use cache and not query database when cache is populated':
    "It counts the calls of cojson's own database client.",
};

beforeEach(({ task, skip }) => {
  const reason = reasonsByTest[task.name];
  if (reason !== undefined) skip(reason);
});
