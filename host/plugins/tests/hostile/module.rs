//! Core modules by hand, for what no Rust guest can do.

use bellwether_plugins::{Limits, Runtime};
use wasm_encoder::{
    CodeSection, CustomSection, ExportKind, ExportSection, Function, FunctionSection, Instruction,
    MemorySection, MemoryType, Module, RefType, StartSection, TableSection, TableType, TypeSection,
    ValType,
};
use wasmparser::{Parser, Payload};

use crate::guest;
use crate::lane::{limits, told};

/// A module that exports what a detector must, with `describe` made of the given instructions.
pub(crate) struct HandMade {
    describe: Vec<Instruction<'static>>,
    starts_with_it: bool,
    memory_pages: u64,
    memories: u32,
    tables: Vec<u64>,
}

impl HandMade {
    pub(crate) fn new(describe: &[Instruction<'static>]) -> Self {
        HandMade {
            describe: describe.to_vec(),
            starts_with_it: false,
            memory_pages: 1,
            memories: 1,
            tables: vec![1],
        }
    }

    pub(crate) fn component(&self) -> Vec<u8> {
        guest_build::componentize(&self.module()).unwrap()
    }

    fn module(&self) -> Vec<u8> {
        use ValType::{I32, I64};
        // Name, parameters, results, as the canonical ABI flattens the contract.
        let exports: [(&str, &[ValType], &[ValType]); 9] = [
            ("bellwether:plugin/lifecycle@0.1.0#describe", &[], &[I32]),
            ("bellwether:plugin/lifecycle@0.1.0#configure", &[I32, I32], &[I32]),
            ("bellwether:plugin/lifecycle@0.1.0#save", &[I32], &[I32]),
            ("bellwether:plugin/lifecycle@0.1.0#load", &[I32, I32, I32, I32], &[I32]),
            ("bellwether:plugin/lifecycle@0.1.0#forget", &[I32], &[]),
            ("bellwether:plugin/detection@0.1.0#observe", &[I64, I64, I32, I32, I32, I32], &[I32]),
            (
                "bellwether:plugin/detection@0.1.0#close-window",
                &[I32, I64, I64, I64, I32, I32, I32, I32],
                &[I32],
            ),
            ("bellwether:plugin/detection@0.1.0#explain", &[I32], &[I32]),
            ("cabi_realloc", &[I32, I32, I32, I32], &[I32]),
        ];
        let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
        let (mut names, mut code) = (ExportSection::new(), CodeSection::new());
        for (index, (name, parameters, results)) in exports.into_iter().enumerate() {
            types.ty().function(parameters.iter().copied(), results.iter().copied());
            functions.function(index as u32);
            names.export(name, ExportKind::Func, index as u32);
            let mut body = Function::new([]);
            if index == 0 {
                self.describe.iter().for_each(|instruction| {
                    body.instruction(instruction);
                });
            }
            body.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
            code.function(&body);
        }
        names.export("memory", ExportKind::Memory, 0);
        let mut module = Module::new();
        let start = exports.len() as u32;
        if self.starts_with_it {
            types.ty().function([], []);
            functions.function(start);
            let mut body = Function::new([]);
            self.describe.iter().for_each(|instruction| {
                body.instruction(instruction);
            });
            code.function(body.instruction(&Instruction::End));
        }
        module
            .section(&types)
            .section(&functions)
            .section(&self.tables())
            .section(&self.memories());
        module.section(&names);
        if self.starts_with_it {
            module.section(&StartSection { function_index: start });
        }
        module.section(&code);
        for (name, data) in contract() {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        module.finish()
    }

    fn tables(&self) -> TableSection {
        let mut tables = TableSection::new();
        for &minimum in &self.tables {
            let element_type = RefType::FUNCREF;
            let (maximum, table64, shared) = (None, false, false);
            tables.table(TableType { element_type, minimum, maximum, table64, shared });
        }
        tables
    }

    fn memories(&self) -> MemorySection {
        let mut memories = MemorySection::new();
        for _ in 0..self.memories {
            memories.memory(MemoryType {
                minimum: self.memory_pages,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        memories
    }
}

/// The sections by which wit-bindgen says what world a module is for, taken from the hostile guest.
fn contract() -> Vec<(String, Vec<u8>)> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(guest::module()) {
        if let Payload::CustomSection(section) = payload.unwrap()
            && section.name().starts_with("component-type")
        {
            sections.push((section.name().to_owned(), section.data().to_vec()));
        }
    }
    assert!(!sections.is_empty());
    sections
}

/// Admits a component, and checks why it is refused, with instances from a pool and without; all slots must come back.
fn check(component: &[u8], words: &str) {
    let on_demand = Limits { instances_max: 100_000_000, ..limits() };
    for limits in [limits(), on_demand] {
        let runtime = Runtime::new(limits, None).unwrap();
        for _ in 0..5 {
            let refused = runtime.admit(component).map(|_| String::new());
            let told = refused.unwrap_or_else(|error| told(&error));
            assert!(told.contains(words), "`{words}` is not in: {told}");
        }
    }
}

const TABLE_BY_1000: [Instruction<'static>; 9] = [
    Instruction::Loop(wasm_encoder::BlockType::Empty),
    Instruction::RefNull(wasm_encoder::HeapType::FUNC),
    Instruction::I32Const(1000),
    Instruction::TableGrow(0),
    Instruction::I32Const(0),
    Instruction::I32GeS,
    Instruction::BrIf(0),
    Instruction::End,
    Instruction::Nop,
];

const ENDLESS: [Instruction<'static>; 3] =
    [Instruction::Loop(wasm_encoder::BlockType::Empty), Instruction::Br(0), Instruction::End];

#[test]
fn a_table_grows_to_its_limit() {
    check(&HandMade::new(&TABLE_BY_1000).component(), "more memory or tables");
}

#[test]
fn a_start_function_has_fuel_like_any_other() {
    let endless = HandMade { starts_with_it: true, ..HandMade::new(&ENDLESS) };
    check(&endless.component(), "out of fuel");
}

#[test]
fn memory_to_start_with_is_limited() {
    let large = HandMade { memory_pages: 1025, ..HandMade::new(&[]) };
    check(&large.component(), "memory");
}

#[test]
fn tables_to_start_with_are_limited() {
    let long = HandMade { tables: vec![30_001], ..HandMade::new(&[]) };
    check(&long.component(), "table");
    let many = HandMade { tables: vec![1; 5], ..HandMade::new(&[]) };
    check(&many.component(), "tables");
}

#[test]
fn a_second_memory_is_refused() {
    let two = HandMade { memories: 2, ..HandMade::new(&[]) };
    let module = two.module();
    let mut component = wasm_encoder::Component::new();
    component.section(&wasm_encoder::RawSection { id: 1, data: &module });
    check(&component.finish(), "not valid WebAssembly for plugins");
}

#[test]
fn core_instances_are_limited() {
    let mut component = guest::ordered("");
    let (mut depth, mut modules) = (0_i32, 0);
    for payload in Parser::new(0).parse_all(&component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } => {
                modules += u32::from(depth == 0);
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    let mut more = wasm_encoder::Component::new();
    more.section(&wasm_encoder::ModuleSection(&Module::new()));
    let mut instances = wasm_encoder::InstanceSection::new();
    for _ in 0..9 {
        instances.instantiate::<_, &str>(modules, []);
    }
    more.section(&instances);
    // A section may stand anywhere, so the further ones follow the component, without a header of their own.
    component.extend_from_slice(&more.finish()[8..]);
    check(&component, "instance");
}

#[test]
fn a_component_that_is_no_plugin_is_refused() {
    check(
        &wasm_encoder::Component::new().finish(),
        "does not export `bellwether:plugin/lifecycle@0.1`",
    );
}
