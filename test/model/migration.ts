import { need } from './need.ts';
import { spend, spendable } from './budget.ts';
import { store } from './disk.ts';
import { coValueOf, type Model, type Step, type World } from './world.ts';

/** From version 3: tabs of the old code, the upgrade, the takeover of stock storage. */
export function* migrationSteps(world: World, model: Model, at: number): Iterable<Step> {
  const { isFair } = model;
  const device = need(world.devices[at]);
  for (const [index, tab] of world.tabs.entries()) {
    if (!tab.isOld || tab.device !== at || tab.page !== 'running') continue;
    const name = `old tab ${index + 1}`;
    if (!tab.isShut && device.version === 3)
      yield {
        name: `${name} closes the database for the upgrade`,
        kind: 'shut',
        run: (next) => void (need(next.tabs[index]).isShut = true),
      };
    if (isFair) continue;
    for (const [slot, log] of Object.entries(tab.memory)) {
      if (!log.startsWith(heldOf(world, slot)) || heldOf(world, slot) === log) continue;
      if (spendable(world, 'connect'))
        yield {
          name: `${name} delivers ${slot} and clears the mark if it can`,
          kind: 'harm',
          run(next) {
            spend(next, 'connect');
            need(next.relays[0]).history.push([slot, log]);
            const target = need(next.devices[at]);
            const mayClear =
              target.version === 3 &&
              !need(next.tabs[index]).isShut &&
              need(next.tabs[index]).queue.length === 0;
            if (mayClear) target.marks = target.marks.filter((coValue) => coValue !== coValueOf(slot));
          },
        };
    }
  }
  const isBlocked = world.tabs.some(
    (tab) => tab.isOld && tab.device === at && tab.page !== 'closed' && !tab.isShut,
  );
  if (device.version === 3 && !isBlocked && !device.full && (isFair || spendable(world, 'upgrade')))
    yield {
      name: 'a new tab upgrades the database',
      kind: 'upgrade',
      run(next) {
        const target = need(next.devices[at]);
        target.version = 4;
        if (model.has('marksBecomeDebts')) target.named = target.marks.map((coValue) => `*${coValue}:0`);
        target.marks = [];
        const audit = model.has('migrationAudit') ? 0 : null;
        for (const record of target.relays)
          if (record) Object.assign(record, { generation: target.nextGeneration++, audit, last: [] });
      },
    };
  const [next] = Object.entries(device.stock);
  if (next && device.version === 4 && !device.full && (isFair || spendable(world, 'upgrade')))
    yield {
      name: `stock content ${next[0]} is taken over`,
      kind: 'upgrade',
      run(world) {
        if (!isFair) spend(world, 'upgrade');
        const target = need(world.devices[at]);
        delete target.stock[next[0]];
        store(target, next[0], next[1]);
        if (model.has('takeoverAudits')) for (const record of target.relays) if (record) record.audit = 0;
      },
    };
}

function heldOf(world: World, slot: string): string {
  return need(world.relays[0]).history.findLast(([other]) => other === slot)?.[1] ?? '';
}
