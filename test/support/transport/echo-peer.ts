/** The far end of one channel in a test of transports. */
export interface PeerEnd {
  send(frame: string): void;
  /** Sends data that no relay sends. */
  sendGarbage(): void;
  /** Closes after all sent data has left. */
  close(): void;
  /** Ends at once, like a cut cable. */
  terminate(): void;
}

/** Messages that control the far end. It echoes any other message. */
export const commands = {
  garbage: '!garbage',
  close: '!close',
  terminate: '!terminate',
  /** `!burst 100`: sends 100 numbered frames, then ends. */
  burst: '!burst',
  /** `!big 1000`: sends one message of 1,000 characters. */
  big: '!big',
} as const;

/** Handles a frame. The near end chooses the reaction, so one server serves all tests. */
export function answerFrame(end: PeerEnd, frame: string): void {
  for (const message of frame.split('\n')) {
    const [command, count = '0'] = message.split(' ', 2);
    switch (command) {
      case commands.garbage:
        end.sendGarbage();
        break;
      case commands.close:
        end.close();
        break;
      case commands.terminate:
        end.terminate();
        break;
      case commands.burst:
        for (let number = 0; number < Number(count); number++) end.send(`burst ${number}`);
        end.close();
        break;
      case commands.big:
        end.send('x'.repeat(Number(count)));
        break;
      default:
        if (message !== '') end.send(message);
    }
  }
}
