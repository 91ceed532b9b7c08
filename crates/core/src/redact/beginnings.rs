//! Which of many parts may be in a text, by one pass over it: the automaton of Aho and Corasick
//! (<https://doi.org/10.1145/360825.360855>) over the beginnings of the parts.

use std::collections::HashSet;
use std::ops::Range;

/// So many bytes of a part are in the automaton, which bounds its memory whatever the parts are. A longer part that begins as the
/// text does is looked for as a whole.
const LONGEST: usize = 64;

/// The root of the automaton, by its place in the nodes.
const ROOT: u32 = 0;

/// One beginning.
#[derive(Debug)]
struct Node {
    /// The nodes that are one byte longer, in the order of that byte.
    children: Range<u32>,
    /// The node of the longest beginning that this one ends with.
    shorter: u32,
    /// The nearest node by `shorter` at which parts end.
    ending: u32,
    /// The parts that end here, or are longer than [`LONGEST`], by their places in the order.
    ended: Range<u32>,
}

/// The automaton.
#[derive(Debug)]
pub(super) struct Beginnings {
    /// In the order of their lengths: whatever is shorter is complete when a node is.
    nodes: Vec<Node>,
    /// The last byte of each node.
    bytes: Vec<u8>,
    /// The parts by their bytes; each is named by its place among those that were given.
    order: Vec<u32>,
}

impl Beginnings {
    /// Returns the automaton of these parts, none of which is empty.
    pub(super) fn of(parts: &[String]) -> Self {
        let mut order: Vec<u32> = (0..).take(parts.len()).collect();
        order.sort_by_key(|at| text_of(parts, *at));
        let root = Node {
            children: 0..0,
            shorter: ROOT,
            ending: ROOT,
            ended: 0..0,
        };
        let mut made = Self {
            nodes: vec![root],
            bytes: vec![0],
            order,
        };
        // For each node, the parts that begin as it does, and its length.
        let mut begun = vec![(0..parts.len(), 0)];
        let mut at = 0;
        while let Some((range, depth)) = begun.get(at).cloned() {
            made.extend(at, range, depth, parts, &mut begun);
            at += 1;
        }
        made
    }

    /// Adds the nodes that are one byte longer than one of them.
    fn extend(
        &mut self,
        at: usize,
        range: Range<usize>,
        depth: usize,
        parts: &[String],
        begun: &mut Vec<(Range<usize>, usize)>,
    ) {
        let next = |place: usize| {
            let part = text_of(parts, *self.order.get(place)?);
            part.get(depth).copied().filter(|_| depth < LONGEST)
        };
        // Whatever ends here comes before what is longer.
        let ended = range.clone().take_while(|place| next(*place).is_none());
        let first = range.start + ended.count();
        let mut groups: Vec<(u8, Range<usize>)> = Vec::new();
        for place in first..range.end {
            let Some(byte) = next(place) else { continue };
            match groups.last_mut() {
                Some((known, group)) if *known == byte => group.end = place + 1,
                _ => groups.push((byte, place..place + 1)),
            }
        }
        let children = self.nodes.len();
        let shorter = self.nodes.get(at).map_or(ROOT, |node| node.shorter);
        for (byte, group) in groups {
            let shorter = if at == 0 {
                ROOT
            } else {
                self.after(shorter, byte)
            };
            self.nodes.push(Node {
                children: 0..0,
                shorter,
                ending: ROOT,
                ended: 0..0,
            });
            self.bytes.push(byte);
            begun.push((group, depth + 1));
        }
        let ending = match self.nodes.get(shorter as usize) {
            Some(node) if node.ended.is_empty() => node.ending,
            _ => shorter,
        };
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let children = number(children)..number(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(at) {
            node.children = children;
            node.ending = ending;
            node.ended = number(range.start)..number(first);
        }
    }

    /// Returns the node of the longest beginning with which a text ends whose longest was `at` before this byte.
    fn after(&self, mut at: u32, byte: u8) -> u32 {
        loop {
            if let Some(child) = self.child(at, byte) {
                return child;
            }
            if at == ROOT {
                return ROOT;
            }
            at = self
                .nodes
                .get(at as usize)
                .map_or(ROOT, |node| node.shorter);
        }
    }

    fn child(&self, at: u32, byte: u8) -> Option<u32> {
        let children = &self.nodes.get(at as usize)?.children;
        let (start, end) = (children.start as usize, children.end as usize);
        let found = self.bytes.get(start..end)?.binary_search(&byte).ok()?;
        Some(children.start + u32::try_from(found).ok()?)
    }

    /// Returns the parts whose beginnings are in a text, each once, in no order.
    pub(super) fn found_in(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        // A node is seen with all that are shorter, so that none is looked at twice.
        let mut seen: HashSet<u32> = HashSet::new();
        let mut at = ROOT;
        for byte in text.bytes() {
            at = self.after(at, byte);
            let mut ending = at;
            while ending != ROOT {
                let Some(node) = self.nodes.get(ending as usize) else {
                    break;
                };
                let ended = node.ended.start as usize..node.ended.end as usize;
                if !ended.is_empty() {
                    if !seen.insert(ending) {
                        break;
                    }
                    let parts = self.order.get(ended).unwrap_or_default();
                    found.extend(parts.iter().map(|part| *part as usize));
                }
                ending = node.ending;
            }
        }
        found
    }
}

fn text_of(parts: &[String], at: u32) -> &[u8] {
    parts.get(at as usize).map_or(&[], String::as_bytes)
}
