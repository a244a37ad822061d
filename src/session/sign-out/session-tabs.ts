import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';
import { parseTabMessage, type TabMessage } from './sign-out-channel.ts';
import { createTabPresence } from './tab-presence.ts';
import { together, type UnsyncedEdits, type WantedAt } from './unsynced-edits.ts';

/** The other tabs that have a session of one account open. */
export interface SessionTabs {
  /** Asks the other tabs which edits they would lose. A tab that does not answer in time may have some. */
  ask(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Ends the sessions of the other tabs. Resolves when they are closed, with the edits that would be lost. */
  endOthers(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  close(): void;
}

type Question = Exclude<TabMessage, { type: 'answer' }>;
const unknown: UnsyncedEdits = { ids: [], isWhole: false };

/** A tab answers at once, but one that is closing may drain for up to two seconds. */
const answerMs = 4_000;
/** How long to wait for answers if the browser cannot list the other tabs. */
const silenceMs = 500;

export function createSessionTabs(options: {
  readonly platform: Pick<Platform, 'clock' | 'locks' | 'page' | 'random' | 'openTabChannel'>;
  readonly accountID: string;
  readonly unsynced: (wantedAt: WantedAt) => Promise<UnsyncedEdits>;
  /** Ends this tab's session when another tab signs out. */
  readonly endHere: (wantedAt: WantedAt) => Promise<UnsyncedEdits>;
}): SessionTabs {
  const { platform, accountID, unsynced, endHere } = options;
  const { clock } = platform;
  const tab = bytesToBase64url(platform.random(9));
  const presence = createTabPresence(platform, accountID, tab);
  const listeners = new Set<(message: TabMessage) => void>();
  let isClosed = false;
  let answering = 0;
  const channel = platform.openTabChannel(`maia/session/${accountID}`, (data) => {
    const message = parseTabMessage(data);
    if (message?.type === 'answer') for (const listener of [...listeners]) listener(message);
    else if (message) void answer(message);
  });

  async function answer({ type, turn, wantedAt }: Question): Promise<void> {
    answering++;
    const edits = await (type === 'ask' ? unsynced(wantedAt) : endHere(wantedAt)).catch(() => unknown);
    channel?.post({ v: 1, type: 'answer', turn, tab, ...edits } satisfies TabMessage);
    answering--;
    closeIfDone();
  }

  /** A session that another tab ended must still answer that tab. */
  function closeIfDone(): void {
    if (isClosed && answering === 0) channel?.close();
  }

  async function send(type: 'ask' | 'end', wantedAt: WantedAt): Promise<UnsyncedEdits> {
    const turn = bytesToBase64url(platform.random(9));
    const expected = await presence.others();
    const answers = new Map<string, UnsyncedEdits>();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(expected ? answerMs : silenceMs, end);
      const receive = (message: TabMessage) => {
        if (message.type !== 'answer' || message.turn !== turn) return;
        answers.set(message.tab, message);
        if (isComplete()) end();
      };
      const isComplete = () => expected?.every((other) => answers.has(other)) ?? false;
      function end(): void {
        cancel();
        listeners.delete(receive);
        resolve();
      }
      listeners.add(receive);
      channel?.post({ v: 1, type, turn, wantedAt } satisfies TabMessage);
      if (!channel || isComplete()) end();
    });
    const stillThere = new Set(await presence.others());
    const silent = (expected ?? []).some((other) => !answers.has(other) && stillThere.has(other));
    return together([...answers.values(), ...(silent ? [unknown] : [])]);
  }

  return {
    ask: (wantedAt) => send('ask', wantedAt),
    endOthers: (wantedAt) => send('end', wantedAt),
    close() {
      isClosed = true;
      presence.leave();
      closeIfDone();
    },
  };
}
