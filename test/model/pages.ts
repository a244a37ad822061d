import { need } from './need.ts';
import { spend, spendable } from './budget.ts';
import { commitWrite } from './disk.ts';
import { content, sendToAll } from './messages.ts';
import {
  coValueOf,
  createTab,
  deletionOf,
  isDeletion,
  sessionOf,
  type Model,
  type Step,
  type Tab,
  type World,
} from './world.ts';

/** What people and browsers do with tabs. */
export function* pageSteps(world: World, model: Model, index: number): Iterable<Step> {
  const { scenario, isFair } = model;
  const tab = world.tabs[index] as Tab;
  const device = need(world.devices[tab.device]);
  const name = `tab ${index + 1}`;

  if (tab.page === 'closed') {
    if (isFair ? !tab.isOld : spendable(world, 'start'))
      yield {
        name: `${name} starts`,
        kind: 'start',
        run(next) {
          if (!isFair) spend(next, 'start');
          const fresh = { ...createTab(next, model, index), isOld: false };
          if (!scenario.reusesSessions) {
            fresh.session = String(next.nextSession++);
            need(next.devices[tab.device]).sessions.push(fresh.session);
          }
          next.tabs[index] = fresh;
        },
      };
    return;
  }
  if (tab.queue.length > 0 && !device.isSignedOut && !device.full && !tab.isShut)
    yield {
      name: `the disk commits the next write of ${name}`,
      kind: 'commit',
      run: (next) => commitWrite(next, model, index),
    };
  if (scenario.beside && tab.queue[0]?.hasDebt && spendable(world, 'failedStore'))
    yield {
      name: `the content that ${name} stores is lost after its debt`,
      kind: 'harm',
      run(next) {
        spend(next, 'failedStore');
        close(next, model, index);
      },
    };
  if (tab.page === 'frozen') {
    yield {
      name: `${name} resumes`,
      kind: 'resume',
      run(next) {
        const resumed = need(next.tabs[index]);
        resumed.page = 'running';
        resumed.view = null;
        resumed.channels = resumed.channels.map(() => null);
      },
    };
    return;
  }
  if (isFair) return;

  for (const coValue of scenario.coValues) {
    const slot = `${coValue}${(model.has('spareStays') && tab.spare[coValue]) || tab.session}`;
    const log = tab.memory[slot] ?? '';
    const isOpen = tab.memory[deletionOf(coValue)] === undefined && !device.isSignedOut;
    const mayEdit = scenario.editors?.includes(index) ?? true;
    if (isOpen && mayEdit && spendable(world, 'edit') && log.length < (scenario.maxLength ?? 3))
      yield {
        name: `${name} edits ${coValue}`,
        kind: 'harm',
        run(next) {
          spend(next, 'edit');
          const letter = String.fromCharCode('a'.charCodeAt(0) + next.nextEdit++);
          next.signedFor[letter] = [slot];
          need(next.devices[tab.device]).made += letter;
          const editing = need(next.tabs[index]);
          const before = editing.memory[slot] ?? need(next.devices[tab.device]).stored[slot] ?? '';
          editing.memory[slot] = before + letter;
          const written = editing.memory[slot];
          editing.queue.push({ slot, log: written, owed: written.length });
          sendToAll(editing, content(slot, written));
          if (scenario.postsUnsaved) postToTabs(next, index, slot, written);
        },
      };
    if (isOpen && mayEdit && spendable(world, 'remove'))
      yield {
        name: `${name} deletes ${coValue}`,
        kind: 'harm',
        run(next) {
          spend(next, 'remove');
          const deletion = deletionOf(coValue);
          next.signedFor['D'] = [deletion];
          const editing = need(next.tabs[index]);
          editing.memory[deletion] = 'D';
          editing.queue.push({ slot: deletion, log: 'D', owed: 1 });
          sendToAll(editing, content(deletion, 'D'));
        },
      };
  }
  if (spendable(world, 'kill'))
    yield {
      name: `${name} is killed`,
      kind: 'harm',
      run(next) {
        spend(next, 'kill');
        close(next, model, index);
      },
    };
  if (spendable(world, 'freeze'))
    yield {
      name: `${name} freezes`,
      kind: 'harm',
      run(next) {
        spend(next, 'freeze');
        need(next.tabs[index]).page = 'frozen';
      },
    };
}

/** Whether this slot's session belongs to a running tab. */
export function ownerOf(world: World, device: number, slot: string): number | undefined {
  const at = world.tabs.findIndex(
    (tab) => tab.page === 'running' && !tab.isOld && tab.device === device && tab.session === sessionOf(slot),
  );
  return at < 0 ? undefined : at;
}

function close(world: World, model: Model, index: number): void {
  const closed = createTab(world, model, index);
  world.tabs[index] = { ...closed, page: 'closed', memory: {}, session: need(world.tabs[index]).session };
}

/** Another tab imports what this one could not save yet. */
function postToTabs(world: World, from: number, slot: string, log: string): void {
  const sender = need(world.tabs[from]);
  if (!need(world.devices[sender.device]).full) return;
  world.tabs.forEach((tab, index) => {
    if (index === from || tab.page !== 'running' || tab.device !== sender.device) return;
    if (isDeletion(slot) || tab.memory[deletionOf(coValueOf(slot))] !== undefined) return;
    if (!log.startsWith(tab.memory[slot] ?? '')) return;
    tab.memory[slot] = log;
    tab.queue.push({ slot, log, owed: log.length });
  });
}
