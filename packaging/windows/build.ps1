# Makes the installer by WiX 3, whose folder the variable WIX names on GitHub's runners.
#
#     packaging/windows/build.ps1 PROGRAM FOLDER
param([Parameter(Mandatory)] [string] $Program, [Parameter(Mandatory)] [string] $To)
$ErrorActionPreference = "Stop"
$PSNativeCommandUseErrorActionPreference = $true
$packaging = (Resolve-Path "$PSScriptRoot/..").Path
$version = (Select-String -Path "$packaging/../Cargo.toml" -Pattern '^version = "(.*)"').Matches[0].Groups[1].Value
$object = Join-Path ([IO.Path]::GetTempPath()) "fovea.wixobj"
$program = (Resolve-Path $Program).Path
& "$env:WIX\bin\candle.exe" -nologo -arch x64 "-dVersion=$version" "-dProgram=$program" "-dPackaging=$packaging" -out $object "$PSScriptRoot/fovea.wxs"
if ($LASTEXITCODE) { throw "candle: $LASTEXITCODE" }
& "$env:WIX\bin\light.exe" -nologo -out (Join-Path $To "fovea-$version-x64.msi") $object
if ($LASTEXITCODE) { throw "light: $LASTEXITCODE" }
