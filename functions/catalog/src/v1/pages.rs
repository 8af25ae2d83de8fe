//! Numbered pages of v1, cut out of what was gathered.

use serde::Deserialize;

/// Items that a list gathers at most.
pub(crate) const GATHERED: usize = 1_000;
const DEFAULT_SIZE: u32 = 20;
const MOST: u32 = 100;

/// A page's number, from 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Number(u32);

impl TryFrom<u32> for Number {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if number > 0 { Ok(Self(number)) } else { Err("must be 1 or more") }
    }
}

/// Items of a page, 1 to 100.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Size(u32);

impl TryFrom<u32> for Size {
    type Error = &'static str;

    fn try_from(size: u32) -> Result<Self, Self::Error> {
        if (1..=MOST).contains(&size) { Ok(Self(size)) } else { Err("must be 1 to 100") }
    }
}

web::request! {
    /// A page of a list.
    pub(crate) struct Pages {
        /// From 1.
        page: Option<Number> as u32,
        /// 1 to 100; 20 by default.
        page_size: Option<Size> as u32,
    }
}

/// A page that was cut out.
pub(crate) struct Cut<T> {
    pub(crate) items: Vec<T>,
    pub(crate) page: u32,
    pub(crate) page_size: u32,
    pub(crate) total: usize,
    pub(crate) pages: usize,
}

impl Pages {
    pub(crate) fn new(page: Option<Number>, page_size: Option<Size>) -> Self {
        Self { page, page_size }
    }

    /// Cuts the page out of all.
    pub(crate) fn cut<T>(&self, all: Vec<T>) -> Cut<T> {
        let page = self.page.map_or(1, |number| number.0);
        let page_size = self.page_size.map_or(DEFAULT_SIZE, |size| size.0);
        let size = usize::try_from(page_size).unwrap_or(1);
        let before = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(size);
        let (total, pages) = (all.len(), all.len().div_ceil(size));
        Cut { items: all.into_iter().skip(before).take(size).collect(), page, page_size, total, pages }
    }
}
