import { beforeAll, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import { maxRecordingLength, readRecording } from './read-recording.ts';

let good: string;
let lines: readonly string[];
let inspector: Inspector;

beforeAll(async () => {
  const node = await createAccountNode();
  node.createGroup().createMap().set('a', 1);
  const sync = createFakeSync(node, 1_000);
  inspector = createInspector(sync);
  const { stop } = inspector.controls.record();
  sync.message('received', { action: 'done', id: 'co_z1' }, 1, 2);
  good = stop();
  lines = good.trim().split('\n');
});

const problemOf = (text: string) => {
  try {
    readRecording(text);
    return undefined;
  } catch (error) {
    return isKernelError(error, 'MESSAGE_INVALID') ? error.message : 'another error';
  }
};
const replaced = (index: number, line: string) => lines.with(index, line).join('\n');

it('reads a recording with or without its last line break', () => {
  expect(problemOf(good)).toBeUndefined();
  expect(problemOf(good.trim())).toBeUndefined();
});

describe('a file that is not a recording', () => {
  const cases: readonly (readonly [name: string, text: () => string, problem: RegExp])[] = [
    ['nothing', () => '', /line 1 is not the head/],
    ['a picture', () => '\u0000PNG\r\n\u001a', /line 1 is not the head/],
    ['another JSON', () => '{"log":{}}', /line 1 is not the head/],
    ['another version', () => replaced(0, '{"maia":"recording","v":2}'), /another version/],
    ['a head without its parts', () => replaced(0, '{"maia":"recording","v":1}'), /line 1 is incomplete/],
    ['a bare value', () => replaced(1, '5'), /line 2 is not a JSON object/],
    ['a broken line', () => replaced(1, '{"kind":'), /line 2 is not a JSON object/],
    [
      'an unknown kind',
      () => replaced(1, '{"kind":"<img src=x onerror=alert(1)>"}'),
      /line 2 is of an unknown kind/,
    ],
    [
      'content that is none',
      () => replaced(1, '{"kind":"had","content":{"action":"done","id":"co_z1"}}'),
      /line 2 holds no content/,
    ],
    [
      'a malformed message',
      () => replaced(1, '{"kind":"arrived","message":{"action":"content","id":"co_z1"}}'),
      /line 2 holds a malformed message/,
    ],
    ['no message', () => replaced(1, '{"kind":"arrived"}'), /line 2 holds/],
    ['no end', () => lines.slice(0, -1).join('\n'), /it has no end/],
    ['something after its end', () => `${good}{"kind":"connect"}`, /follows the end line/],
    [
      'a malformed end',
      () => replaced(lines.length - 1, '{"kind":"end","why":"x","coValues":[]}'),
      /malformed end/,
    ],
    [
      'a malformed state',
      () =>
        replaced(
          lines.length - 1,
          '{"kind":"end","why":"full","coValues":[{"id":"co_z1","sessions":{"a":[1]}}]}',
        ),
      /malformed state/,
    ],
    ['too long', () => ' '.repeat(maxRecordingLength + 1), /longer than/],
  ];
  it.each(cases)('%s', (_, text, problem) => {
    expect(problemOf(text())).toMatch(problem);
    expect(problemOf(text())).toMatch(/Nothing was changed/);
    expect(problemOf(text())).not.toContain('onerror');
  });

  it('rejects a replay', async () => {
    await expect(inspector.controls.replay('')).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  });
});

it('detects that a forged recording ends in another state than it claims', async () => {
  const forged = lines.map((line) =>
    line.replace(/"lastSignature":"signature_z(.)/g, '"lastSignature":"signature_z2'),
  );
  expect(forged).not.toEqual(lines);
  const { replay } = await inspector.controls.replay(forged.join('\n'));
  expect(replay?.difference).toBeDefined();
});
