import { need } from './need.ts';
import { describe, expect, it } from 'vitest';
import { createModel, explore, rest, walk } from './explore.ts';
import { allRules, type Fault } from './rules.ts';
import { faults, scenarios, walks } from './scenarios.ts';
import { createWorld } from './world.ts';

// `npm run model` explores further, and each rule and fault.

describe('the model of the ledger', () => {
  it('has a scenario for each rule', () => {
    expect(Object.keys(scenarios).toSorted()).toEqual(allRules.toSorted());
  });

  it.each([
    'savedOnly',
    'askTwice',
    'deletedHere',
    'deletionOwed',
    'queuedOwed',
    'auditCompares',
    'takeoverAudits',
  ] as const)('finds a trace without the rule %s, and none with it', (rule) => {
    expect(explore(createModel(scenarios[rule], rule), { maxStates: 600 }).finding).toBeDefined();
    expect(explore(createModel(scenarios[rule], undefined), { maxStates: 40 }).finding).toBeUndefined();
  });

  it.each(['debtAfter', 'saidEarly', 'failedReadIsEmpty'] satisfies Fault[])(
    'finds the fault %s',
    (fault) => {
      const { finding } = explore(createModel(faults[fault], undefined, fault), { maxStates: 600 });
      expect(finding).toBeDefined();
    },
  );

  it('finds a shortest trace', () => {
    const { finding } = explore(createModel(scenarios.askTwice, 'askTwice'), { maxStates: 600 });
    expect(finding).toMatchInlineSnapshot(`
      {
        "trace": [
          "tab 1 reads the ledger",
          "tab 1 connects to relay 1",
          "tab 1 begins with relay 1",
          "a replica of relay 1 that lags answers tab 1 about x",
          "tab 1 hears from relay 1 that it has {} of x",
        ],
        "violation": "T8: a loss is told that was none",
      }
    `);
  });

  it.each(Object.entries(walks))('finds nothing on three walks of %s', (_, scenario) => {
    const model = createModel(scenario, undefined);
    for (const seed of [1, 2, 3]) expect(walk(model, seed, 40)).toBeUndefined();
  });

  it('delivers everything once nothing fails', () => {
    const model = createModel({ ...need(walks['relays']), stored: { x1: 'z' }, isKnown: false }, undefined);
    expect(rest(createWorld(model.scenario), model)).toBeUndefined();
  });
});
