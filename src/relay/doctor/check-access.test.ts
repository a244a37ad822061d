import { expect, it } from 'vitest';
import { checkAccess } from './check-access.ts';

it.each([
  [{}, true, [[false, 'No setting says who may use the relay. Only programs on this machine']]],
  [{ origins: ['https://app.example.org'] }, true, [[false, 'The settings say']]],
  [{ host: '0.0.0.0', open: true, metricsPort: 9_464 }, true, [[false, 'The settings say']]],
  [
    { host: '0.0.0.0' },
    false,
    [
      [false, 'A relay on 0.0.0.0 serves all'],
      [false, 'A relay on 0.0.0.0 shows'],
    ],
  ],
  [{ host: '0.0.0.0' }, true, [[true, 'A relay on 0.0.0.0 serves all']]],
])('reports who may use a relay with %j, in production: %j', (options, isProduction, expected) => {
  const findings = checkAccess(options, isProduction);
  expect(findings.map(({ isWrong, text }) => [isWrong, text])).toEqual(
    expected.map(([isWrong, start]) => [isWrong, expect.stringContaining(String(start)) as unknown]),
  );
});
