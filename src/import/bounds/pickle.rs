//! A walk over the opcodes of a pickle that keeps account of what its reader will make of them, and makes nothing.
//!
//! The stack, its marks and the memo are those of the reader, with a [`Value`] for every object: an entry of the memo is
//! a copy, and so is whatever is taken from it. What is on the stack and in the memo is paid for.

use std::collections::HashMap;
use std::io::BufRead;

use pytorch_reader::OpCode;

use super::tensor::{self, Called, Meaning};
use super::value::{FILLED, IN_DICT, IN_LIST, IN_MEMO, IN_TUPLE, STORAGE, TENSOR, Value};
use super::{Budget, Stop, alone};

/// Objects and marks on the stack at once; Python writes lists and dictionaries in parts of 1000.
const MOST_HELD: usize = 100_000;
/// No word that matters is longer.
const LONGEST_WORD: u64 = 64;

/// One pickle being walked over.
pub struct Walk<'a, R> {
    pub(super) from: &'a mut R,
    pub(super) budget: &'a mut Budget,
    stack: Vec<Value>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl<'a, R: BufRead> Walk<'a, R> {
    pub fn new(from: &'a mut R, budget: &'a mut Budget) -> Self {
        Self { from, budget, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() }
    }

    /// Walks to the end of the pickle, behind which its reader stands then; says what the pickle is.
    pub fn run(mut self) -> Result<Value, Stop> {
        loop {
            let [byte] = self.bytes()?;
            match OpCode::try_from(byte).map_err(|_| Stop::Broken)? {
                OpCode::Stop => return self.pop(),
                op => self.step(op)?,
            }
            if self.stack.len() + self.marks.len() > MOST_HELD {
                return Err(alone(&format!(
                    "its pickle has more than {MOST_HELD} objects in hand at once, far too many"
                )));
            }
        }
    }

    fn step(&mut self, op: OpCode) -> Result<(), Stop> {
        use OpCode::*;
        match op {
            Proto => self.bytes::<1>().map(|_| ()),
            Frame => self.bytes::<8>().map(|_| ()),
            None | NewTrue | NewFalse => self.push(Value::new(Meaning::Other, 0)),
            Int | Long | Float | BinInt | BinInt1 | BinInt2 | BinFloat | Long1 | Long4 => self.number(op),
            Unicode | ShortBinUnicode | ShortBinString | ShortBinBytes | BinUnicode | BinString | BinBytes
            | BinUnicode8 | BinBytes8 | ByteArray8 => self.text(op),
            Mark => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            Pop => self.drop_top(),
            PopMark => {
                let dropped = self.above_mark()?;
                dropped.iter().for_each(|value| self.budget.give_back(value.weight));
                Ok(())
            }
            EmptyTuple | Tuple | Tuple1 | Tuple2 | Tuple3 => self.tuple(op),
            EmptyList | EmptySet | EmptyDict | List | FrozenSet | Dict => self.container(op),
            Append | Appends | AddItems | SetItem | SetItems => self.fill(op),
            Dup | Get | BinGet | LongBinGet => self.copy(op),
            Put | BinPut | LongBinPut | Memoize => self.keep(op),
            Global | StackGlobal => self.class(op),
            PersId | BinPersId => self.storage(op),
            Reduce | NewObj | NewObjEx | Build => self.call(op),
            // What the reader does not know.
            _ => Err(super::Stop::Broken),
        }
    }

    /// A mark, where one is on top.
    fn drop_top(&mut self) -> Result<(), Stop> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
        } else {
            let dropped = self.pop()?;
            self.budget.give_back(dropped.weight);
        }
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<(), Stop> {
        self.budget.spend(value.weight)?;
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, Stop> {
        // A mark is no object.
        let under = self.marks.last().copied().unwrap_or_default();
        if self.stack.len() > under { self.stack.pop().ok_or(Stop::Broken) } else { Err(Stop::Broken) }
    }

    fn top(&mut self, count: usize) -> Result<Vec<Value>, Stop> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        Ok(items)
    }

    fn above_mark(&mut self) -> Result<Vec<Value>, Stop> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len()).ok_or(Stop::Broken)?;
        Ok(self.stack.split_off(mark))
    }

    fn number(&mut self, op: OpCode) -> Result<(), Stop> {
        let value = match op {
            OpCode::BinInt => Some(i64::from(i32::from_le_bytes(self.bytes()?))),
            OpCode::BinInt1 => Some(i64::from(u8::from_le_bytes(self.bytes()?))),
            OpCode::BinInt2 => Some(i64::from(u16::from_le_bytes(self.bytes()?))),
            OpCode::BinFloat => self.bytes::<8>().map(|_| None)?,
            OpCode::Long1 | OpCode::Long4 => {
                let length = self.length(op)?;
                self.short(length, 8)?.map(|bytes| whole(&bytes))
            }
            _ => {
                let line = self.line()?;
                let digits = line.strip_suffix(b"L").unwrap_or(&line);
                std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok())
            }
        };
        self.push(Value::new(value.map_or(Meaning::Other, Meaning::Int), 0))
    }

    fn text(&mut self, op: OpCode) -> Result<(), Stop> {
        if op == OpCode::Unicode {
            // The reader makes UTF-8 of Latin-1.
            let length = 2 * self.text_line()?;
            return self.push(Value { kind: Meaning::Other, ..Value::text(Called::Other, length) });
        }
        let length = self.length(op)?;
        let word = self.short(length, LONGEST_WORD)?;
        self.push(Value::text(word.map_or(Called::Other, |word| Called::of(&word)), length))
    }

    fn class(&mut self, op: OpCode) -> Result<(), Stop> {
        let (module, name) = if op == OpCode::Global {
            let (module, name) = (self.line()?, self.line()?);
            let text = |line: &[u8]| Value::text(Called::of(line), line.len() as u64);
            self.budget.spend(text(&module).weight + text(&name).weight)?;
            (text(&module), text(&name))
        } else {
            let name = self.pop()?;
            (self.pop()?, name)
        };
        let Meaning::Text(called) = name.kind else { return Err(tensor::strange()) };
        let mut class = Value::new(Meaning::Class(called), 0);
        class.take(&module, 0);
        class.take(&name, 0);
        self.stack.push(class);
        Ok(())
    }

    fn tuple(&mut self, op: OpCode) -> Result<(), Stop> {
        let items = match op {
            OpCode::EmptyTuple => Vec::new(),
            OpCode::Tuple1 => self.top(1)?,
            OpCode::Tuple2 => self.top(2)?,
            OpCode::Tuple3 => self.top(3)?,
            _ => self.above_mark()?,
        };
        let mut tuple = Value::new(tensor::tuple(&items, self.budget)?, 0);
        for item in &items {
            self.budget.spend(tuple.take_as(0, item, IN_TUPLE))?;
        }
        self.stack.push(tuple);
        Ok(())
    }

    fn container(&mut self, op: OpCode) -> Result<(), Stop> {
        use OpCode::*;
        let items = if matches!(op, List | FrozenSet | Dict) { self.above_mark()? } else { Vec::new() };
        let is_dict = matches!(op, EmptyDict | Dict);
        self.push(Value::new(if is_dict { Meaning::Other } else { Meaning::List }, 0))?;
        self.insert(&items, is_dict)
    }

    fn fill(&mut self, op: OpCode) -> Result<(), Stop> {
        let items = match op {
            OpCode::Append => self.top(1)?,
            OpCode::SetItem => self.top(2)?,
            _ => self.above_mark()?,
        };
        self.insert(&items, matches!(op, OpCode::SetItem | OpCode::SetItems))
    }

    /// Puts `items` into the list or dictionary on top.
    fn insert(&mut self, items: &[Value], is_dict: bool) -> Result<(), Stop> {
        let mut into = self.pop()?;
        if !items.is_empty() {
            into.weight += FILLED;
            self.budget.spend(FILLED)?;
        }
        if is_dict {
            for pair in items.chunks(2) {
                let [key, value] = pair else { return Err(Stop::Broken) };
                let added = into.take(key, 0) + into.take_as(key.longest, value, IN_DICT);
                // What is no word could be one of those too.
                if !matches!(key.kind, Meaning::Int(_) | Meaning::Text(Called::Other)) {
                    into.kept += value.weight;
                }
                self.budget.spend(added)?;
            }
        } else {
            for item in items {
                self.budget.spend(into.take_as(0, item, IN_LIST))?;
            }
        }
        self.stack.push(into);
        Ok(())
    }

    /// Whatever is taken twice is there twice.
    fn copy(&mut self, op: OpCode) -> Result<(), Stop> {
        let index = match op {
            OpCode::Dup => {
                let top = self.pop()?;
                self.stack.push(top.clone());
                return self.push(top);
            }
            OpCode::Get => self.index()?,
            OpCode::BinGet => u32::from(u8::from_le_bytes(self.bytes()?)),
            _ => u32::from_le_bytes(self.bytes()?),
        };
        let value = self.memo.get(&index).cloned().ok_or(Stop::Broken)?;
        self.push(value)
    }

    fn keep(&mut self, op: OpCode) -> Result<(), Stop> {
        let index = match op {
            OpCode::Put => self.index()?,
            OpCode::BinPut => u32::from(u8::from_le_bytes(self.bytes()?)),
            OpCode::LongBinPut => u32::from_le_bytes(self.bytes()?),
            _ => self.memo.len() as u32,
        };
        let mut top = self.pop()?;
        top.memo = Some(index);
        self.remember(index, &top)?;
        self.stack.push(top);
        Ok(())
    }

    fn remember(&mut self, index: u32, value: &Value) -> Result<(), Stop> {
        self.budget.spend(value.weight.saturating_add(IN_MEMO))?;
        if let Some(before) = self.memo.insert(index, value.clone()) {
            self.budget.give_back(before.weight + IN_MEMO);
        }
        Ok(())
    }

    /// A storage; in a tar archive, a tensor.
    fn storage(&mut self, op: OpCode) -> Result<(), Stop> {
        let longest = if op == OpCode::PersId {
            self.line()?.len() as u64
        } else {
            let key = self.pop()?;
            self.budget.give_back(key.weight);
            key.longest
        };
        let weight = longest.saturating_add(STORAGE);
        // A legacy file's are noted for good.
        self.budget.spend(weight)?;
        self.push(Value { tensors: 1, longest, ..Value::new(Meaning::Storage, weight) })
    }

    fn call(&mut self, op: OpCode) -> Result<(), Stop> {
        if op == OpCode::NewObjEx {
            self.drop_top()?;
        }
        let arguments = self.pop()?;
        let callable = self.pop()?;
        if op == OpCode::Reduce {
            tensor::call(&callable.kind, &arguments.kind)?;
        }
        let is_new = matches!(op, OpCode::NewObj | OpCode::NewObjEx);
        let mut made = Value::new(if is_new { Meaning::Opaque } else { Meaning::Other }, 0);
        if op == OpCode::Reduce
            && matches!((&callable.kind, &arguments.kind), (Meaning::Class(Called::Rebuilds), Meaning::Arguments))
        {
            made.weight = arguments.longest.saturating_add(TENSOR);
            made.tensors = 1;
        } else {
            // A dictionary of what was there already, one of several arguments, or the name of what this would be.
            made.take(&callable, 0);
            made.take_as(arguments.longest, &arguments, 0);
            made.kept = made.weight;
        }
        if op == OpCode::Build && matches!(callable.kind, Meaning::Opaque) {
            made.weight = callable.weight + arguments.kept + FILLED;
        }
        self.budget.give_back(callable.weight + arguments.weight);
        if let (OpCode::Build, Some(index)) = (op, callable.memo) {
            self.remember(index, &Value { memo: Some(index), ..made.clone() })?;
        }
        self.push(made)
    }
}

/// An integer of at most eight bytes, the last of which has its sign.
fn whole(bytes: &[u8]) -> i64 {
    let sign = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut all = [sign; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(all)
}
