import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describePublicApi } from './public-api.ts';

const root = join(import.meta.dirname, '../..');

// After an intended change: `npx vitest run --project unit test/package/public-api.test.ts -u`.
test('the types of every entry are the committed ones', { timeout: 120_000 }, async () => {
  for (const { entry, text } of describePublicApi(root)) {
    const name = entry === '@MaiaOS/kernel' ? 'index' : entry.replace('@MaiaOS/kernel/', '');
    await expect.soft(text).toMatchFileSnapshot(`api/${name}.txt`);
  }
});
