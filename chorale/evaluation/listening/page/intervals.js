// How sure is a share of right answers?

const HALVINGS = 60; // of an interval of probabilities

/**
 * Return the exact interval of a binomial probability (Clopper & Pearson, 1934): the
 * least and the greatest with which so many right answers, or more, or fewer, are not
 * rarer than (1 - level) / 2.
 *
 * @param {number} right  answers
 * @param {number} count  of answers
 * @param {number} [level]  confidence
 * @returns {[number, number]}
 */
export function clopperPearson(right, count, level = 0.95) {
  const tail = (1 - level) / 2;
  const low = right === 0 ? 0 : solve((p) => 1 - atMost(right - 1, count, p) < tail);
  const high = right === count ? 1 : solve((p) => atMost(right, count, p) > tail);
  return [low, high];
}

/** Return the probability of at most so many right answers. */
function atMost(right, count, probability) {
  let total = 0;
  let choices = 1; // ways to choose those that are right
  for (let number = 0; number <= right; number += 1) {
    total += choices * probability ** number * (1 - probability) ** (count - number);
    choices *= (count - number) / (number + 1);
  }
  return Math.min(total, 1);
}

/** Return the probability up to which a condition holds. */
function solve(holds) {
  let [low, high] = [0, 1];
  for (let turn = 0; turn < HALVINGS; turn += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
