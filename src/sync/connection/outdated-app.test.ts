import { describe, expect, it } from 'vitest';
import { createTwoTransports } from '../../../test/support/sync/two-transports.ts';

describe('the version of the app', () => {
  it('is sent to the relay, and an outdated app stops its attempts', async () => {
    const { begin, settle, pass, webSocket } = createTwoTransports({ appVersion: '1.9' });
    const connection = begin();
    await settle();
    const [channel] = webSocket.channels;
    expect(JSON.parse(channel?.sent[0] ?? '')).toMatchObject({ maia: 'hi', appVersion: '1.9' });
    channel?.on.received(
      JSON.stringify({ maia: 'refused', code: 'outdated', reason: 'too old', closing: true }),
    );
    expect(connection.state).toMatchObject({
      phase: 'failed',
      error: { code: 'APP_OUTDATED', details: { required: '2.0', have: '1.9' } },
    });
    await pass(600_000);
    expect([connection.state.phase, webSocket.channels.length]).toEqual(['failed', 1]);
  });

  it('is requested if the app reports none, because a reload would not help', async () => {
    const { begin, settle, webSocket } = createTwoTransports();
    const connection = begin();
    await settle();
    webSocket.channels[0]?.on.received(
      JSON.stringify({ maia: 'refused', code: 'outdated', reason: 'none', closing: true }),
    );
    const { error } = connection.state as { readonly error?: Error };
    expect(error?.message).toContain(
      'of this app, but the app reports no version. Pass `appVersion`; until then',
    );
    expect(error?.message).not.toContain('eload');
  });
});
