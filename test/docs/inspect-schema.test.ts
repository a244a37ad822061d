import { Ajv } from 'ajv';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createInspector } from '../../src/inspect/index.ts';
import { inspectorProtocol } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { openRelay } from '../support/relay/test-relay.ts';
import { foreignStorageStatus } from '../../src/sync/begin-sync.ts';
import { startSync } from '../../src/sync/start-sync.ts';
import { createNodePlatform } from '../support/platform/node-platform.ts';
import { createAgentNode } from '../support/sync/stock-relay.ts';
import { inspectSchema, type Answer } from './inspect-schema.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 120_000 });

test('the published schema matches the types', async () => {
  const now = `${JSON.stringify(inspectSchema(inspectorProtocol), undefined, 2)}\n`;
  // To update it: `npx vitest run --project unit test/docs/inspect-schema.test.ts -u`.
  await expect(now).toMatchFileSnapshot('../../src/inspect/schema.json');
});

test('the answers of an inspector match the schema, without additional fields', async () => {
  const problemsOf = createJudge();
  const relay = await openRelay({ inspect: true, logger: silentLogger, drainMs: 0 });
  const node = await createAgentNode();
  const sync = startSync({
    node,
    sync: { url: `${relay.url}/sync` },
    storage: { status: foreignStorageStatus(node) },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  const inspector = createInspector(sync);
  onTestFinished(async () => {
    inspector.close();
    await sync.close();
    await relay.close();
  });
  const { controls } = inspector;
  const whole = () => problemsOf('InspectorSnapshot', inspector.snapshot());

  expect(whole()).toEqual([]);
  const map = node.createGroup().createMap({ title: 'Crew list' });
  const relayAnswer = async () => {
    const [answer] = await inspector.askRelays(map.id);
    expect(problemsOf('RelayAnswer', answer)).toEqual([]);
    return answer;
  };
  expect(inspector.snapshot().unsynced).not.toEqual([]);
  expect(whole()).toEqual([]);
  const { stop } = controls.record();
  controls.setFaults({ seed: 1, up: { delayMs: [0, 5] } }, { forMs: 60_000 });
  await sync.whenConfirmed(map.id);
  expect(inspector.snapshot()).toMatchObject({ faults: {}, recording: {} });
  expect(whole()).toEqual([]);
  controls.setFaults(undefined);
  await until(async () => expect(await relayAnswer()).toHaveProperty('known.header', true));
  const replayed = await controls.replay(stop());
  expect(replayed.replay).toBeDefined();
  expect(problemsOf('InspectorSnapshot', replayed)).toEqual([]);

  await relay.close();
  await until(() => expect(inspector.snapshot().peers[0]?.error).toBeDefined());
  expect(await relayAnswer()).toHaveProperty('unanswered');
  map.set('n', 1);
  expect(whole()).toEqual([]);
  for (const id of [map.id, 'co_zNowhere', 'none']) {
    const { coValues } = inspector;
    expect(problemsOf('Explanation', inspector.explain(id))).toEqual([]);
    expect(problemsOf('CoValueFacts', inspector.coValue(id))).toEqual([]);
    expect(problemsOf('MemberPage', coValues.members(id))).toEqual([]);
    expect(problemsOf('SessionPage', coValues.sessions(id))).toEqual([]);
    expect(problemsOf('TransactionPage', coValues.transactions(id, { limit: 1 }))).toEqual([]);
    expect(problemsOf('TreePage', coValues.tree(id))).toEqual([]);
    expect(problemsOf('FoundCoValues', coValues.find(id))).toEqual([]);
  }

  const { protocol: _, ...others } = inspector.snapshot();
  expect(problemsOf('InspectorSnapshot', others)).toHaveLength(1);
  expect(problemsOf('InspectorSnapshot', { ...inspector.snapshot(), beside: 1 })).toHaveLength(1);
});

/** Validates the value's JSON against the strict schema, and asserts that JSON preserves the value. */
function createJudge(): (answer: Answer, value: unknown) => readonly string[] {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(inspectSchema(inspectorProtocol, { isStrict: true }), 'answers');
  return (answer, value) => {
    const text: unknown = JSON.parse(JSON.stringify(value));
    expect(text).toEqual(value);
    ajv.validate(`answers#/definitions/${answer}`, text);
    return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}
