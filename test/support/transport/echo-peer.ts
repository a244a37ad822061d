/** The far end of one channel in a test of transports, whatever carries it. */
export interface PeerEnd {
  send(frame: string): void;
  /** Something that no relay sends. */
  sendGarbage(): void;
  /** Ends once all that was sent is out. */
  close(): void;
  /** Ends at once, as a cut cable does. */
  terminate(): void;
}

/** The first message of what the far end is to do. Any other message comes back as it went. */
export const commands = {
  garbage: '!garbage',
  close: '!close',
  terminate: '!terminate',
  /** `!burst 100`: so many numbered frames, and the end. */
  burst: '!burst',
  /** `!big 1000`: one message of so many characters. */
  big: '!big',
} as const;

/** What the far end does with a frame: the near end tells it, so that one server is enough for every test. */
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
