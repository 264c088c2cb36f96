//! A device that was named, opened.

use candle_core::Device;

use crate::models::device::DeviceChoice;
use crate::models::error::{Error, Result};

impl DeviceChoice {
    /// The device that is meant: [`Auto`](Self::Auto) becomes one of the others, and a GPU is there.
    ///
    /// # Errors
    ///
    /// [`Error::NotBuiltFor`], [`Error::NoDevice`]
    pub fn resolve(self) -> Result<Self> {
        if self == Self::Auto {
            let found = [Self::Cuda(0), Self::Metal].into_iter().find(|device| device.open().is_ok());
            return Ok(found.unwrap_or(Self::Cpu));
        }
        self.open().map(|_| self)
    }

    /// Candle's device; [`Auto`](Self::Auto) has none of its own, and gives the processor.
    pub(in crate::models) fn open(self) -> Result<Device> {
        let (feature, opened) = match self {
            Self::Auto | Self::Cpu | Self::CpuPadded => return Ok(Device::Cpu),
            Self::Cuda(number) => ("cuda", cfg!(feature = "cuda").then(|| Device::new_cuda(number))),
            Self::Metal => ("metal", cfg!(feature = "metal").then(|| Device::new_metal(0))),
        };
        match opened {
            None => Err(Error::NotBuiltFor { device: self, feature }),
            Some(Ok(device)) => Ok(device),
            Some(Err(error)) => {
                // Candle puts a backtrace under its message where one is asked for.
                let message = error.to_string().lines().next().unwrap_or_default().to_owned();
                Err(Error::NoDevice { device: self, message })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn a_device_that_the_program_was_not_built_for_is_an_error_that_says_how_to_build() {
        assert_eq!(DeviceChoice::Auto.resolve().unwrap(), DeviceChoice::Cpu);
        for (device, feature) in [(DeviceChoice::Cuda(1), "cuda"), (DeviceChoice::Metal, "metal")] {
            let error = device.resolve().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{device}: this program was built without the feature `{feature}`")
            );
            assert!(error.hint().unwrap().contains(&format!("cargo build --release --features {feature}")));
        }
    }
}
