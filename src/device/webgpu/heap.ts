// A binary heap of what has an id: the lowest comes first.

export class LowestFirst<T extends { readonly id: number }> {
  #items: T[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    for (; at > 0;) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.id < item.id) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || !last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && items[child + 1]!.id < items[child]!.id) child++;
      if (child >= items.length || last.id < items[child]!.id) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }

  /** Takes out all for which `picked` is true. */
  extract(picked: (item: T) => boolean): T[] {
    const out: T[] = [];
    const left = this.#items.filter((item) => !picked(item) || (out.push(item), false));
    if (out.length === 0) return out;
    // A sorted list is a heap.
    this.#items = left.sort((a, b) => a.id - b.id);
    return out;
  }
}
