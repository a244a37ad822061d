import type { Page } from '../../platform/platform.ts';
import type { Announcement } from './announcements.ts';
import type { RollCallMessage } from './tab-status.ts';
import { readTabMessage, type TabMessage } from './tab-messages.ts';
import type { TabsSetup } from './tabs.ts';

/** The channel to the other tabs, for as long as the page is awake. */
export interface TabLine {
  /** False while the page is set aside, and where the browser has no channels. */
  readonly isOpen: boolean;
  post(announcement: Announcement | RollCallMessage): void;
  close(): void;
}

/**
 * A page that is set aside says so and leaves the channel: what comes meanwhile would be lost on it, and would push it out of
 * the back-forward cache. `back` is called once it hears again.
 */
export function createTabLine(options: {
  readonly setup: TabsSetup;
  readonly page: Pick<Page, 'on'>;
  readonly sessionID: string;
  readonly hear: (message: TabMessage) => void;
  /** All that arrives, as it arrives, before it is heard. */
  readonly overhear: (data: unknown) => void;
  readonly back: () => void;
}): TabLine {
  const { setup, page, sessionID, hear, overhear, back } = options;
  let channel = open();

  function open() {
    return setup.platform.openTabChannel(setup.name, (data) => {
      overhear(data);
      const message = readTabMessage(data);
      if (message) hear(message);
    });
  }

  function post(announcement: Announcement | RollCallMessage): void {
    channel?.post({ v: 1, from: sessionID, ...announcement });
  }

  function leave(isFrozen = false): void {
    post({ kind: 'bye', ...(isFrozen && { isFrozen }) });
    channel?.close();
    channel = undefined;
  }

  const stops = [
    // Ahead of `hide`, which tells the same without the reason.
    page.on('freeze', () => leave(true)),
    page.on('hide', () => leave()),
    page.on('show', () => {
      if (channel) return;
      channel = open();
      post({ kind: 'hello' });
      back();
    }),
  ];
  post({ kind: 'hello' });
  return {
    get isOpen() {
      return channel !== undefined;
    },
    post,
    close() {
      for (const stop of stops) stop();
      leave();
    },
  };
}
