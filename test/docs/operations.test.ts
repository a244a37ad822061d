import { expect, it } from 'vitest';
import { servingReasons } from '../../src/relay/serving/health.ts';
import { readText, tableUnder } from './markdown.ts';

it('docs/operations.md explains the reasons of /health', () => {
  const explained = tableUnder(readText('docs/operations.md'), 'Reasons').map(([code = '']) =>
    code.replaceAll('`', ''),
  );
  expect(explained).toEqual(['starting', 'draining', ...servingReasons]);
});
