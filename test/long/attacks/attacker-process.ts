import { fork } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { AttackOrder } from './attack.ts';
import type { FromAttacker, ToAttacker } from './attacker.ts';
import type { AttackName } from './attacks.ts';

/** Attacks from a separate process, which ends after the test. */
export interface AttackerProcess {
  /** Resolves after the attack's first step. */
  begin(attack: AttackName, order: AttackOrder): Promise<void>;
  /** Resolves with the number of steps that the attack made. */
  stop(): Promise<number>;
}

export function startAttacker(script: string): AttackerProcess {
  const child = fork(script, { env: { PATH: process.env.PATH } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const next = () =>
    new Promise<FromAttacker>((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`The attacker ended with ${code}.`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message as FromAttacker);
      });
    });
  const tell = (message: ToAttacker) => void child.send(message);
  return {
    async begin(attack, order) {
      const answer = next();
      tell({ begin: attack, order });
      if ((await answer) !== 'going') throw new Error(`The attack failed: ${JSON.stringify(await answer)}`);
    },
    async stop() {
      const answer = next();
      tell('stop');
      const message = await answer;
      if (typeof message === 'string' || !('did' in message)) {
        throw new Error(`The attack failed: ${JSON.stringify(message)}`);
      }
      return message.did;
    },
  };
}
