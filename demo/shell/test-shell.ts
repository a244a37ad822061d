import { createTestSession } from '@MaiaOS/kernel/testing';
import { mount, unmount } from 'svelte';
import { page } from 'vitest/browser';
import { createTestDevice, type TestDevice } from '../model/test-device.ts';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/page.css';
import '../styles/tokens.css';
import Shell from './Shell.svelte';

export interface TestShell {
  readonly device: TestDevice;
  readonly listID: string;
  close(): Promise<void>;
}

/** For tests: the shell on a wide page, with a list of these items open. */
export async function openTestShell(name: string, items: readonly string[]): Promise<TestShell> {
  await page.viewport(1280, 800);
  const session = await createTestSession();
  const device = createTestDevice(session);
  const listID = device.lists.add(name);
  for (const text of items) device.edit.addItem(listID, text);
  const route = { page: 'list', listID } as const;
  const entered = { session, isNew: false, remember: 'never' } as const;
  const props = {
    entered,
    route,
    arrived: undefined,
    onarrived: () => {},
    onleave: () => {},
    onerased: () => {},
  };
  const shell = mount(Shell, { target: document.body, props });
  return {
    device,
    listID,
    async close() {
      await unmount(shell);
      await session.close();
    },
  };
}
