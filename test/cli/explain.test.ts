import { expect, test } from 'vitest';
import { explain } from '../../cli/commands/explain.ts';
import { FAILURES } from '../../contract/failures.ts';

test('A failure that nothing is like is answered in sentences', async () => {
  await expect(explain('nosuch', {})).rejects.toThrow(/ and \d+ more\. "musher explain" tells all\.$/);
  await expect(explain('fencd', {})).rejects.toThrow('There is no failure "fencd"; did you mean "fenced"? "musher explain" tells all.');
});

test('A user that is there with another number has a way out, too', () => {
  expect(FAILURES['user-clash'].remedy).toContain('give the user the number that the message names, or remove it');
});
