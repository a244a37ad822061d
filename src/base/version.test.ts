import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cojsonVersion, kernelVersion } from './version.ts';

test('the versions are those of package.json', () => {
  const { version, devDependencies } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { readonly version: string; readonly devDependencies: Readonly<Record<string, string>> };
  expect({ kernelVersion, cojsonVersion }).toEqual({
    kernelVersion: version,
    cojsonVersion: devDependencies.cojson,
  });
});
